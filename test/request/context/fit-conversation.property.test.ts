import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ContextPolicy, Message, MessageRequest } from '../../../src/core/message.ts';
import { unknownModel } from '../../../src/core/model.ts';
import {
  type CountTokens,
  fitConversation,
} from '../../../src/request/context/fit-conversation.ts';
import { isInstruction } from '../../../src/request/fit/instructions.ts';
import { TokenCounter } from '../../../src/request/tokens/token-counter.ts';
import { checkMessages } from '../../../src/request/validate/messages.ts';
import { Violations } from '../../../src/request/validate/violations.ts';
import { aCall } from '../../support/events.ts';
import { fewOrMany } from '../../support/long.ts';
import { conversations, WordCounter, words } from './conversations.ts';

const NEVER = new AbortController().signal;
const MODEL = unknownModel('gpt-4o');
const truncations = fc.constantFrom('truncate_oldest' as const, 'truncate_middle' as const);
/** Of the conversation's tokens; some are less than what must stay. */
const shares = fc.double({ min: 0, max: 1.1, noNaN: true });

async function fitInto(request: MessageRequest, limit: number, tokens: CountTokens) {
  const call = aCall({ request, model: MODEL.id, target: { model: MODEL, surface: 'responses' } });
  const [result] = await Promise.allSettled([
    fitConversation(call, { limit, capacity: limit }, tokens),
  ]);
  return { call, result };
}

/** The messages that go with each droppable one, said in another way than the code does. */
function groups(messages: readonly Message[]): Message[][] {
  const question = messages.findLast(({ role }) => role === 'user');
  const last = messages.findLast((message) => !isInstruction(message));
  const found: Message[][] = [];
  messages.forEach((message, index) => {
    if (message.role === 'tool' || isInstruction(message)) return;
    const open = new Set(message.toolCalls?.map(({ id }) => id));
    const group = [message];
    for (const later of messages.slice(index + 1)) {
      if (open.delete(later.toolCallId ?? '')) group.push(later);
    }
    if (group.every((member) => member !== question && member !== last)) found.push(group);
  });
  return found;
}

/** What a policy drops when it drops `count` groups: the first ones, or those around the middle. */
function dropped(policy: ContextPolicy, all: readonly Message[][], count: number): Message[] {
  const start = policy === 'truncate_oldest' ? 0 : Math.floor((all.length - count) / 2);
  return all.slice(start, start + count).flat();
}

/** What must remain less than: the limit or, of the oldest, the last of as many eighths of it as are too much. */
function mostThatRemain(request: MessageRequest, policy: ContextPolicy, limit: number): number {
  const step = Math.floor(limit / 8);
  if (policy === 'truncate_middle' || step === 0) return limit;
  let most = words(request);
  while (most > limit) most -= step;
  const all = new Set(groups(request.messages).flat());
  const kept = request.messages.filter((message) => !all.has(message));
  return words({ ...request, messages: kept }) <= most ? most : limit;
}

/** The request with as few groups dropped as the policy has it; undefined if it cannot fit. */
function fewestDropped(request: MessageRequest, policy: ContextPolicy, limit: number) {
  const all = groups(request.messages);
  const most = mostThatRemain(request, policy, limit);
  for (let count = 0; count <= all.length; count++) {
    const gone = new Set(dropped(policy, all, count));
    const messages = request.messages.filter((message) => !gone.has(message));
    if (words({ ...request, messages }) <= most) return messages;
  }
  return undefined;
}

/** Whether roles, tool calls and results are as a request's must be. */
function isValid(messages: readonly Message[]): boolean {
  const violations = new Violations();
  checkMessages(violations, messages);
  try {
    violations.throwIfAny(MODEL.id);
    return true;
  } catch {
    return false;
  }
}

describe('fitConversation, for any conversation', () => {
  it('leaves out what its policy says, as little as its steps allow, or refuses', async () => {
    await fc.assert(
      fc.asyncProperty(conversations, truncations, shares, async (messages, policy, share) => {
        const request = { messages, contextPolicy: policy };
        const before = words(request);
        const limit = Math.floor(before * share);
        const { call, result } = await fitInto(request, limit, new WordCounter());
        const expected = fewestDropped(request, policy, limit);
        if (result.status === 'rejected') {
          expect(result.reason).toMatchObject({ reason: 'CONTEXT_TOO_LONG' });
          expect(expected).toBeUndefined();
          return;
        }
        const fitted = result.value;
        expect(fitted.request.messages).toEqual(expected);
        if (before <= limit) expect(fitted).toBe(call);
        else expect(fitted.truncation?.inputTokensBefore).toBe(before);
      }),
      { numRuns: fewOrMany(200, 1000) },
    );
  });

  it('keeps the order, the instructions, the last user message, and calls with results', async () => {
    await fc.assert(
      fc.asyncProperty(conversations, truncations, shares, async (messages, policy, share) => {
        fc.pre(isValid(messages));
        const request = { messages, contextPolicy: policy };
        const limit = Math.floor(words(request) * share);
        const { result } = await fitInto(request, limit, new WordCounter());
        if (result.status === 'rejected') return;
        const { request: fitted, truncation } = result.value;
        expect(words(fitted)).toBeLessThanOrEqual(limit);
        const gone = new Set(truncation?.droppedMessages);
        expect(fitted.messages).toEqual(messages.filter((_, index) => !gone.has(index)));
        for (const message of messages) {
          if (isInstruction(message)) expect(fitted.messages).toContain(message);
        }
        const isUser = ({ role }: Message) => role === 'user';
        expect(fitted.messages.findLast(isUser)).toBe(messages.findLast(isUser));
        expect(isValid(fitted.messages)).toBe(true);
        if (truncation === undefined) return;
        expect(truncation.droppedMessages).toEqual([...gone].sort((a, b) => a - b));
        expect(truncation.inputTokensAfter).toBe(words(fitted));
      }),
      { numRuns: fewOrMany(200, 1000) },
    );
  });

  it('changes nothing with REJECT', async () => {
    const policies = fc.constantFrom<MessageRequest>(
      { messages: [] },
      { messages: [], contextPolicy: 'reject' },
    );
    await fc.assert(
      fc.asyncProperty(conversations, policies, shares, async (messages, policy, share) => {
        const request = { ...policy, messages };
        const limit = Math.floor(words(request) * share);
        const { call, result } = await fitInto(request, limit, new WordCounter());
        if (words(request) <= limit) expect(result).toEqual({ status: 'fulfilled', value: call });
        else {
          expect(result).toMatchObject({
            status: 'rejected',
            reason: { facts: { countedTokens: words(request), tokenLimit: limit } },
          });
        }
      }),
    );
  });

  describe('with real counts', () => {
    const counter = new TokenCounter();

    afterAll(() => counter.close());

    async function count(request: MessageRequest): Promise<number> {
      return (await counter.count(MODEL.id, MODEL, request, NEVER)).inputTokens;
    }

    it('tells what the whole conversation and what remains of it count', async () => {
      await fc.assert(
        fc.asyncProperty(conversations, truncations, shares, async (messages, policy, share) => {
          const request = { messages, contextPolicy: policy, tools: [{ name: 'look' }] };
          const before = await count(request);
          const { result } = await fitInto(request, Math.floor(before * share), counter);
          if (result.status === 'rejected' || result.value.truncation === undefined) return;
          expect(result.value.truncation).toMatchObject({
            inputTokensBefore: before,
            inputTokensAfter: await count(result.value.request),
          });
        }),
      );
    });

    it('counts a thousand units at once', async () => {
      const messages = Array.from(
        { length: 1001 },
        (_, index): Message => ({ role: 'user', content: `Message number ${index}` }),
      );
      const request = { messages, contextPolicy: 'truncate_oldest' as const };
      const { result } = await fitInto(request, 100, counter);
      if (result.status === 'rejected') throw result.reason;
      // Each has three tokens around it, one for the role and four of text: 8,011, and 91 behind 660 steps of 12.
      expect(result.value.request.messages).toEqual(messages.slice(-11));
    });
  });
});
