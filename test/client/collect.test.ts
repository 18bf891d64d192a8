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
  it('has its text, its reasoning and its refusal', async () => {
    const stream = streamOf(
      said('reasoningDelta', 'Let me '),
      said('reasoningDelta', 'see.'),
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
      reasoning: 'Let me see.',
      refusal: 'No more.',
      completed: end.value,
    });
  });

  it('is not one without an end', async () => {
    await expect(collect(streamOf(said('textDelta', 'So')))).rejects.toThrow(
      'The stream ended well without `completed`.',
    );
  });
});
