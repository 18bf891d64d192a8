import { describe, expect, it } from '@jest/globals';
import { collect } from '../../src/core/collect.ts';
import type { ProviderEvent } from '../../src/core/events.ts';
import { aCall, completed, RESET, replay, started, text } from '../support/events.ts';

const run = (...events: ProviderEvent[]) =>
  collect((emit) => replay(...events)(aCall(), emit), { userId: 'u1' });

describe('collect', () => {
  it('joins the deltas and keeps what started and completed say', async () => {
    const response = await run(
      started({ warnings: ['a warning'] }),
      { type: 'reasoningDelta', text: 'think' },
      text('Hel'),
      text('lo'),
      { type: 'refusalDelta', text: 'no' },
      { type: 'toolCallDelta', index: 0, id: 'c', name: 'f', argumentsFragment: '{' },
      completed({ toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] }),
    );
    expect(response).toMatchObject({
      id: 'chatcmpl-1',
      content: 'Hello',
      reasoning: 'think',
      refusal: 'no',
      toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }],
      upstreamRequestId: 'req_1',
      effectiveSettings: { model: 'gpt-test' },
      warnings: ['a warning'],
      metadata: { userId: 'u1' },
      attempts: 1,
    });
    expect(response).not.toHaveProperty('type');
  });

  it('keeps what was said on the way apart from the answer', async () => {
    const said = (phase: string, words: string) => ({ ...text(words), phase });
    const response = await run(
      started(),
      said('commentary', 'Looking. '),
      said('final_answer', 'Found'),
      said('commentary', 'Done.'),
      text(' it'),
      completed(),
    );
    expect(response).toMatchObject({ content: 'Found it', commentary: 'Looking. Done.' });
  });

  it('keeps where pieces come from, as far as they belong to the answer', async () => {
    const cited = (title: string) => ({
      url: 'https://x/y',
      title,
      start: 0,
      end: 3,
      kind: 'url_citation',
    });
    const annotation = (title: string): ProviderEvent => ({ type: 'annotation', ...cited(title) });
    const response = await run(
      started(),
      annotation('old'),
      RESET,
      started(),
      text('new'),
      annotation('a'),
      annotation('b'),
      completed(),
    );
    expect(response.annotations).toEqual([cited('a'), cited('b')]);
  });

  it('keeps the reasoning items and what was left out of the conversation', async () => {
    const truncation = { droppedMessages: [0], inputTokensBefore: 9, inputTokensAfter: 5 };
    const reasoningItems = [{ id: 'rs_1', encryptedContent: 'sealed', summary: [] }];
    const response = await run(started({ truncation }), completed({ reasoningItems }));
    expect(response).toMatchObject({ truncation, reasoningItems });
  });

  it('says nothing of a conversation that was left whole', async () => {
    expect(await run(started(), completed())).not.toHaveProperty('truncation');
  });

  it('forgets what came before a reset', async () => {
    const second = started({ responseId: 'chatcmpl-2' });
    const response = await run(started(), text('old'), RESET, second, text('new'), completed());
    expect(response).toMatchObject({ id: 'chatcmpl-2', content: 'new' });
  });

  it('is INTERNAL if the stream is not whole', async () => {
    await expect(run(completed())).rejects.toMatchObject({ reason: 'INTERNAL' });
  });
});
