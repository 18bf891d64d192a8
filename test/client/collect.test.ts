import { describe, expect, it } from '@jest/globals';
import { collect } from '../../src/client/index.ts';
import { Completed } from '../../src/gen/tamma/provider/v1/event.ts';
import { type DeepPartial, SendMessageResponse } from '../../src/gen/tamma/provider/v1/provider.ts';

type Event = DeepPartial<SendMessageResponse>['event'];

async function* streamOf(...events: Event[]): AsyncGenerator<SendMessageResponse> {
  for (const event of events) yield SendMessageResponse.fromPartial({ event });
}

const said = ($case: 'textDelta' | 'reasoningDelta' | 'refusalDelta', text: string): Event => ({
  $case,
  value: { text },
});
const end: Event = { $case: 'completed', value: Completed.fromPartial({ attempts: 1 }) };

describe('an answer that is collected', () => {
  it('has its text, what was said on the way, its reasoning and its refusal', async () => {
    const stream = streamOf(
      said('reasoningDelta', 'Let me '),
      said('reasoningDelta', 'see.'),
      { $case: 'textDelta', value: { text: 'I look.', phase: 'commentary' } },
      said('textDelta', 'So '),
      // What a later version of the contract may send.
      undefined,
      said('textDelta', 'far.'),
      said('refusalDelta', 'No '),
      said('refusalDelta', 'more.'),
      end,
    );
    expect(await collect(stream)).toEqual({
      text: 'So far.',
      commentary: 'I look.',
      annotations: [],
      hostedTools: [],
      reasoning: 'Let me see.',
      refusal: 'No more.',
      completed: end.value,
    });
  });

  it('has its sources, and what tools did that ran elsewhere, each as it ended', async () => {
    const tool = (id: string, status: string, detail = ''): Event => ({
      $case: 'hostedTool',
      value: { id, type: 'web_search', status, detail },
    });
    const { hostedTools, annotations } = await collect(
      streamOf(
        tool('a', 'searching'),
        tool('b', 'searching'),
        tool('a', 'completed', '{}'),
        tool('b', 'failed'),
        { $case: 'annotation', value: { url: 'https://a.test', end: 3 } },
        end,
      ),
    );
    expect(hostedTools.map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['a', 'completed', '{}'],
      ['b', 'failed', ''],
    ]);
    expect(annotations).toMatchObject([{ url: 'https://a.test', end: 3 }]);
  });

  it('has nothing of what a reset took back', async () => {
    const stream = streamOf(
      said('textDelta', 'So'),
      said('refusalDelta', 'No'),
      { $case: 'annotation', value: { url: 'https://a.test' } },
      { $case: 'attemptReset', value: { attempt: 2 } },
      said('textDelta', 'Well.'),
      end,
    );
    expect(await collect(stream)).toMatchObject({ text: 'Well.', refusal: '', annotations: [] });
  });

  it('is not one without an end', async () => {
    await expect(collect(streamOf(said('textDelta', 'So')))).rejects.toThrow(
      'The stream ended well without `completed`.',
    );
  });
});
