import { describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import type { Call, Handler } from '../../../src/core/call.ts';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import type { TaskType } from '../../../src/core/message.ts';
import { KeptAnswers } from '../../../src/money/cache/kept-answers.ts';
import {
  DEFAULT_RESPONSE_CACHE,
  type ResponseCacheOptions,
} from '../../../src/money/cache/options.ts';
import { ResponseCache } from '../../../src/money/cache/response-cache.ts';
import { isUsed } from '../../../src/money/cache/rules.ts';
import { keepAnswer, responseCache } from '../../../src/money/cache/stage.ts';
import { noLedger } from '../../../src/money/ledger/no-ledger.ts';
import { createInstruments } from '../../../src/telemetry/instruments.ts';
import { aCall, completed, drain, RESET, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ASKED = { messages: [{ role: 'user' as const, content: 'Hi' }], temperature: 0 };

/** A cache before an upstream that answers with these events. */
function aCache(fields: Partial<ResponseCacheOptions> = {}, before?: KeptAnswers) {
  const deps = {
    clock: new FakeClock(),
    ledger: noLedger(),
    catalogue: () => ({ version: '1', find: () => undefined }),
    instruments: createInstruments(metrics.getMeter('test')),
    endpointOf: () => 'https://api.openai.com/v1',
  };
  const options = { ...DEFAULT_RESPONSE_CACHE, enabled: true, ...fields };
  const kept = before ?? new KeptAnswers(options, deps);
  const cache = new ResponseCache(options, deps, kept);
  let asked = 0;
  const answer = async (
    events: readonly AnswerEvent[] = [started(), text('Hello')],
    end: Partial<Completed> = {},
    meanwhile: (call: Call) => void = () => {},
    fields: object = {},
  ) => {
    const upstream: Handler = async (call, emit) => {
      asked += 1;
      for (const event of events) emit(event);
      meanwhile(call);
      return completed(end);
    };
    const request = { ...ASKED, ...fields };
    const call = aCall({ asked: request, request });
    const handler = responseCache(cache)(keepAnswer(cache)(upstream));
    return drain((emit) => handler(call, emit));
  };
  return { cache, kept, answer, asked: () => asked };
}

const SEARCHED = {
  type: 'hostedTool',
  id: 'ws_1',
  tool: 'web_search',
  status: 'completed',
  detail: '',
} as const;

describe('responseCache', () => {
  it.each<[string, readonly AnswerEvent[], Partial<Completed>]>([
    ['cut off', [started(), text('Hel')], { finishReason: 'length' }],
    ['filtered', [started(), text('Hel')], { finishReason: 'content_filter' }],
    ['empty', [started()], {}],
    ['refused', [started(), { type: 'refusalDelta', text: 'No.' }], {}],
    ['of another target', [started(), text('Hello')], { target: 'azure' }],
    ['made with a tool that the upstream ran', [started(), SEARCHED, text('Hello')], {}],
    [
      'a tool call',
      [started()],
      { finishReason: 'tool_calls', toolCalls: [{ id: '1', name: 'f', arguments: '{}' }] },
    ],
  ])('does not keep an answer that is %s', async (_what, events, end) => {
    const { answer, asked } = aCache();
    await answer(events, end);
    await answer();
    expect(asked()).toBe(2);
  });

  it('keeps tool calls where it may', async () => {
    const { answer, asked } = aCache({ allowToolCalls: true });
    const toolCalls = [{ id: '1', name: 'f', arguments: '{}' }];
    const delta = {
      type: 'toolCallDelta',
      index: 0,
      id: '1',
      name: 'f',
      argumentsFragment: '{}',
    } as const;
    await answer([started(), delta], { finishReason: 'tool_calls', toolCalls });
    const { events } = await answer();
    expect(asked()).toBe(1);
    expect(events.slice(1)).toMatchObject([delta, { cached: true, toolCalls }]);
  });

  it('keeps answers for which the upstream ran tools where it may keep tool calls', async () => {
    const { answer, asked } = aCache({ allowToolCalls: true });
    await answer([started(), SEARCHED, text('Hello')]);
    await answer();
    expect(asked()).toBe(1);
  });

  it.each<[string, readonly AnswerEvent[], Partial<Completed>]>([
    [
      'tool calls',
      [started(), text('Hi')],
      { finishReason: 'tool_calls', toolCalls: [{ id: '1', name: 'f', arguments: '{}' }] },
    ],
    ['what came of tools', [started(), SEARCHED, text('Hello')], {}],
  ])('does not give %s again that were kept while it might', async (_what, events, end) => {
    const before = aCache({ allowToolCalls: true });
    await before.answer(events, end);
    const { answer, asked } = aCache({}, before.kept);
    await answer();
    expect(asked()).toBe(1);
    await answer();
    expect(asked()).toBe(1);
  });

  it('keeps of an answer that began again what stands', async () => {
    const { answer } = aCache();
    await answer([started(), text('Hel'), RESET, started({ responseId: 'second' }), text('Hi')]);
    const { events } = await answer();
    expect(events).toMatchObject([
      { type: 'started', responseId: 'second' },
      { text: 'Hi' },
      { type: 'completed' },
    ]);
  });

  it('gives long answers in pieces, in the order in which they were said', async () => {
    const { answer } = aCache();
    const long = 'abcd'.repeat(1_000);
    await answer([started(), { type: 'reasoningDelta', text: 'Hm.' }, text(long)]);
    const { events } = await answer();
    const pieces = events.filter((event) => event.type === 'textDelta');
    expect(events[1]).toEqual({ type: 'reasoningDelta', text: 'Hm.' });
    expect(pieces.map((piece) => piece.text.length)).toEqual([1_024, 1_024, 1_024, 928]);
    expect(pieces.map((piece) => piece.text).join('')).toBe(long);
    expect(pieces.at(-1)?.outputTokensSoFar).toBeGreaterThan(pieces[0]?.outputTokensSoFar ?? 0);
  });

  it('does not keep an answer that was under way when answers were taken out', async () => {
    const { cache, answer, asked } = aCache();
    await answer(undefined, {}, () => cache.invalidate({ type: 'all' }));
    await answer();
    expect(asked()).toBe(2);
  });

  it('does not keep the answer of another model', async () => {
    const { answer, asked } = aCache();
    await answer(undefined, {}, ({ record }) => {
      record.model = 'fallback';
    });
    await answer();
    expect(asked()).toBe(2);
  });

  it('goes by the task of a call, then by its model, then by what holds for all', async () => {
    const asked = async (options: Partial<ResponseCacheOptions>, taskType?: TaskType) => {
      const { answer, asked: times } = aCache(options);
      for (let call = 0; call < 2; call += 1) {
        await answer(undefined, {}, undefined, taskType && { taskType });
      }
      return times();
    };
    const models = [
      { pattern: 'other*', enabled: true },
      { pattern: 'gpt-*', enabled: false },
    ];
    const tasks = { analysis: { enabled: true }, testing: { enabled: false } };
    expect(await asked({})).toBe(1);
    expect(await asked({ models })).toBe(2);
    expect(await asked({ models, tasks }, 'analysis')).toBe(1);
    expect(await asked({ tasks }, 'testing')).toBe(2);
    expect(await asked({ tasks }, 'planning')).toBe(1);
    expect(isUsed({ ...DEFAULT_RESPONSE_CACHE, tasks })).toBe(true);
    expect(isUsed({ ...DEFAULT_RESPONSE_CACHE, models })).toBe(true);
    expect(isUsed(DEFAULT_RESPONSE_CACHE)).toBe(false);
  });

  it('stays within its bounds', async () => {
    const { cache, answer } = aCache({ maxBytes: 10_000 });
    await answer([started(), text('x'.repeat(20_000))]);
    expect(cache.status()).toMatchObject({ entries: 0, bytes: 0 });
    await answer([started(), text('x'.repeat(5_000))]);
    expect(cache.status().entries).toBe(1);
    expect(cache.status().bytes).toBeGreaterThan(5_000);
    expect(cache.status().bytes).toBeLessThan(10_000);
  });
});
