import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ContextPolicy } from '../../../src/core/message.ts';
import { unknownModel } from '../../../src/core/model.ts';
import type { CountTokens } from '../../../src/request/context/fit-conversation.ts';
import { fitContext } from '../../../src/request/route/fit-context.ts';
import { aCall, completed, drain, replay, started } from '../../support/events.ts';
import { WordCounter } from '../context/conversations.ts';
import { aRouter, asking, words } from './a-router.ts';

/** 300 words that the quick check takes for up to 2,100 tokens. */
const LONG = 'abcdef '.repeat(300);

function call(contextWindow: number | undefined, contextPolicy: ContextPolicy = 'reject'): Call {
  const model = { ...unknownModel('gpt-test'), ...(contextWindow && { contextWindow }) };
  return aCall({
    target: { model, surface: 'chat_completions' },
    request: {
      messages: [
        { role: 'user', content: LONG },
        { role: 'user', content: 'Well?' },
      ],
      maxTokens: 100,
      contextPolicy,
    },
  });
}

function run(asked: Call, tokens: CountTokens = new WordCounter()) {
  const calls: Call[] = [];
  const next: Handler = (given, emit) => {
    calls.push(given);
    return replay(started(), completed())(given, emit);
  };
  const handler = fitContext(aRouter({}, {}, { tokens }).router)(next);
  return { calls, outcome: drain((emit) => handler(asked, emit)) };
}

describe('fitContext', () => {
  it.each([
    ['a model without a known window', call(undefined)],
    ['what must fit, however it counts', call(10_000)],
  ])('stays out of the way of %s', async (_, asked) => {
    const tokens = new WordCounter();
    const { calls, outcome } = run(asked, tokens);
    // It is handed on in the same turn.
    expect(calls[0]).toBe(asked);
    expect(await outcome).toEqual({ events: [started(), completed()] });
    expect(tokens.counted).toEqual([]);
  });

  it('passes on what fits once it is counted', async () => {
    const asked = call(1000);
    const { calls, outcome } = run(asked);
    expect(calls).toEqual([]);
    expect(await outcome).toEqual({ events: [started(), completed()] });
    expect(calls[0]).toBe(asked);
  });

  it('refuses what does not fit, without asking anybody', async () => {
    const { calls, outcome } = run(call(400));
    expect(await outcome).toMatchObject({
      events: [],
      error: {
        reason: 'CONTEXT_TOO_LONG',
        facts: { countedTokens: 306, tokenLimit: 300, model: 'gpt-test' },
      },
    });
    expect(calls).toEqual([]);
  });

  it('leaves out what the policy allows', async () => {
    const { calls, outcome } = run(call(400, 'truncate_oldest'));
    expect(await outcome).toEqual({ events: [started(), completed()] });
    expect(calls).toMatchObject([
      {
        request: { messages: [{ content: 'Well?' }] },
        truncation: { droppedMessages: [0], inputTokensBefore: 306, inputTokensAfter: 5 },
        warnings: [expect.any(String)],
      },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['a time-out of its own', new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    ['anything else', 'enough', 'CANCELLED'],
    ['our own reason', new ProviderError('SHUTTING_DOWN'), 'SHUTTING_DOWN'],
  ])('stops counting when a caller aborts with %s', async (_, reason, expected) => {
    const controller = new AbortController();
    const tokens: CountTokens = {
      countEach: (_name, _model, _requests, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    };
    const { calls, outcome } = run({ ...call(400), signal: controller.signal }, tokens);
    controller.abort(reason);
    expect(await outcome).toMatchObject({ events: [], error: { reason: expected } });
    expect(calls).toEqual([]);
  });

  it("lets a profile's limit of the answer give way", async () => {
    const asked = call(420);
    const request = { ...asked.request, maxTokens: 390 };
    const applied = { systemPromptAdded: false, maxTokensAdded: true };
    const { calls, outcome } = run({ ...asked, request, applied });
    await outcome;
    expect(calls).toMatchObject([{ request: { maxTokens: 114 } }]);
  });

  it('goes on to a model that takes it', async () => {
    const request = { ...words(150), model: 'gpt-100', fallbackModels: ['gpt-400'] };
    const { calls, outcome } = run(aRouter().router.first(asking(request)));
    expect(await outcome).toEqual({ events: [started(), completed()] });
    expect(calls).toMatchObject([{ model: 'gpt-400', alternatives: [] }]);
  });

  it('fails as counting fails', async () => {
    const error = new ProviderError('INTERNAL');
    const { calls, outcome } = run(call(400), { countEach: () => Promise.reject(error) });
    expect(await outcome).toEqual({ events: [], error });
    expect(calls).toEqual([]);
  });
});
