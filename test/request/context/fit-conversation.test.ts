import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { ContextPolicy, Message, MessageRequest } from '../../../src/core/message.ts';
import { fitConversation } from '../../../src/request/context/fit-conversation.ts';
import { aCall } from '../../support/events.ts';
import { WordCounter } from './conversations.ts';

/** Messages of four tokens each, as WordCounter counts them. */
const says = (role: Message['role'], name: string): Message => ({ role, content: `${name} b c` });
const SYSTEM = says('system', 's');
const CALL: Message = {
  role: 'assistant',
  content: 'a',
  toolCalls: [{ id: 'id', name: 'f', arguments: '{ }' }],
};
const RESULT: Message = { role: 'tool', content: 'a b c', toolCallId: 'id' };
const LAST = says('user', 'last');
/** 3 + 4 + four units of 4, 8, 4 and 4 + 4 tokens. */
const CONVERSATION = [
  SYSTEM,
  says('user', 'first'),
  CALL,
  RESULT,
  says('assistant', 'answer'),
  says('user', 'second'),
  LAST,
];
const TOTAL = 31;
const KEPT = 11;

function fitInto(
  contextPolicy: ContextPolicy | undefined,
  limit: number,
  fields: Partial<Call> & { tokens?: WordCounter; capacity?: number } = {},
) {
  const { tokens = new WordCounter(), capacity = limit, ...rest } = fields;
  const request: MessageRequest = {
    messages: CONVERSATION,
    temperature: 1,
    ...(contextPolicy && { contextPolicy }),
  };
  const call = aCall({ request, ...rest });
  return { call, tokens, fitted: fitConversation(call, { limit, capacity }, tokens) };
}

describe('fitConversation', () => {
  it.each([undefined, 'reject', 'truncate_oldest', 'truncate_middle'] as const)(
    'returns a call that fits as it is (%s)',
    async (policy) => {
      const { call, fitted } = fitInto(policy, TOTAL);
      expect(await fitted).toBe(call);
    },
  );

  it.each([undefined, 'reject'] as const)('refuses one that does not (%s)', async (policy) => {
    const { fitted, tokens } = fitInto(policy, TOTAL - 1);
    await expect(fitted).rejects.toMatchObject({
      reason: 'CONTEXT_TOO_LONG',
      message:
        'The conversation has 31 tokens; the model takes at most 30 with room for the answer.',
      facts: { countedTokens: TOTAL, tokenLimit: TOTAL - 1, model: 'gpt-test' },
    });
    expect(tokens.counted[0]?.messages).toEqual(CONVERSATION);
  });

  it.each<[ContextPolicy, number, number[], number]>([
    ['truncate_oldest', 30, [1], 27],
    // Steps of three: six tokens for four that are too many
    ['truncate_oldest', 27, [1, 2, 3], 19],
    ['truncate_oldest', 26, [1, 2, 3], 19],
    ['truncate_oldest', KEPT, [1, 2, 3, 4, 5], KEPT],
    ['truncate_middle', 30, [2, 3], 23],
    ['truncate_middle', 22, [2, 3, 4], 19],
    ['truncate_middle', 18, [1, 2, 3, 4], 15],
    ['truncate_middle', KEPT, [1, 2, 3, 4, 5], KEPT],
  ])('with %s and %d tokens leaves out %j', async (policy, limit, dropped, after) => {
    const { call, fitted } = fitInto(policy, limit, { warnings: ['Beware.'] });
    expect(await fitted).toEqual({
      ...call,
      request: {
        ...call.request,
        messages: CONVERSATION.filter((_, index) => !dropped.includes(index)),
      },
      truncation: {
        droppedMessages: dropped,
        inputTokensBefore: TOTAL,
        inputTokensAfter: after,
      },
      warnings: [
        'Beware.',
        `Messages left out to fit the model's context window: ${dropped.length} of 7.`,
      ],
    });
  });

  it('leaves out the same for an eighth of the limit, so that the prompt begins as it did', async () => {
    const limit = 400;
    const messages = [SYSTEM, ...Array.from({ length: 100 }, (_, at) => says('user', `${at}`))];
    const first: (string | undefined)[] = [];
    for (let turn = 0; turn < 60; turn++) {
      messages.push(says('user', `turn ${turn}`));
      const call = aCall({ request: { messages, contextPolicy: 'truncate_oldest' } });
      const { request } = await fitConversation(
        call,
        { limit, capacity: limit },
        new WordCounter(),
      );
      first.push(request.messages[1]?.content as string);
    }
    // Turns of five tokens, steps of fifty: a prompt begins anew with every tenth.
    expect(new Set(first).size).toBeLessThanOrEqual(7);
  });

  it('counts positions as the caller does, who does not know of the system prompt', async () => {
    const { fitted } = fitInto('truncate_oldest', 26, {
      applied: { systemPromptAdded: true, maxTokensAdded: false },
    });
    expect(await fitted).toMatchObject({
      truncation: { droppedMessages: [0, 1, 2] },
      warnings: ["Messages left out to fit the model's context window: 3 of 6."],
    });
  });

  it('counts tools as part of what must stay', async () => {
    const request: MessageRequest = {
      messages: CONVERSATION,
      tools: [{ name: 'f' }],
      contextPolicy: 'truncate_oldest',
    };
    const { fitted } = fitInto(undefined, 39, { request });
    expect(await fitted).toMatchObject({
      request: { tools: [{ name: 'f' }] },
      truncation: { droppedMessages: [1], inputTokensBefore: 41, inputTokensAfter: 37 },
    });
  });

  it.each(['truncate_oldest', 'truncate_middle'] as const)(
    'refuses what does not fit without all that may go (%s)',
    async (policy) => {
      await expect(fitInto(policy, KEPT - 1).fitted).rejects.toMatchObject({
        reason: 'CONTEXT_TOO_LONG',
        message:
          'Without all that may be left out, the conversation has 11 tokens; ' +
          'the model takes at most 10 with room for the answer.',
        facts: { countedTokens: KEPT, tokenLimit: KEPT - 1, model: 'gpt-test' },
      });
    },
  );

  describe('with an estimate', () => {
    const tokens = new WordCounter(true);

    it('refuses nothing that the window could hold', async () => {
      const { call, fitted } = fitInto('reject', 10, { tokens, capacity: TOTAL });
      expect(await fitted).toBe(call);
    });

    it('refuses what the window cannot hold, and names the limit with room', async () => {
      const { fitted } = fitInto('reject', 10, { tokens, capacity: TOTAL - 1 });
      await expect(fitted).rejects.toMatchObject({
        message:
          'The conversation has about 31 tokens; the model takes at most 10 with room for the answer.',
        facts: { countedTokens: TOTAL, tokenLimit: 10 },
      });
    });

    it('makes room for the answer if that can be done by leaving messages out', async () => {
      const { fitted } = fitInto('truncate_oldest', KEPT, { tokens, capacity: TOTAL });
      expect(await fitted).toMatchObject({ truncation: { inputTokensAfter: KEPT } });
    });

    it('fits the window itself if that cannot be done', async () => {
      const { fitted } = fitInto('truncate_oldest', KEPT - 1, { tokens, capacity: TOTAL - 1 });
      expect(await fitted).toMatchObject({
        truncation: { droppedMessages: [1], inputTokensAfter: 27 },
      });
    });
  });
});
