import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Call } from '../../../src/core/call.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import type { Surface } from '../../../src/core/model.ts';
import {
  FALLBACK_OUTPUT_LIMIT,
  FALLBACK_TOOL_CALLS,
  limitOutput,
  type PromptSize,
  planAttempt,
} from '../../../src/money/budget/plan.ts';
import { aCall } from '../../support/events.ts';
import { aModel, type ModelFacts } from '../../support/models.ts';

/** Pico-dollars: 1 and 10 dollars per million tokens. */
const INPUT = 1_000_000n;
const OUTPUT = 10_000_000n;
const PRICES = {
  currency: 'USD',
  standard: { input: '1', output: '10' },
  history: [],
} as const;
const OPTIONS = { minOutputTokens: 100, at: Date.UTC(2026, 0, 1) };
const COUNTED: PromptSize = { tokens: 1_000, counted: true };

function callTo(
  model: ModelFacts,
  request: Partial<MessageRequest> = {},
  surface: Surface = 'chat_completions',
): Call {
  return aCall({
    request: { messages: [], ...request },
    target: { model: aModel({ prices: PRICES, ...model }), surface },
  });
}

function planned(call: Call, prompt = COUNTED, options = OPTIONS) {
  const plan = planAttempt(call, prompt, options);
  if (plan === undefined) throw new Error('No price is known.');
  return plan;
}

const costOf = (model: ModelFacts, maxTokens: number) =>
  planned(callTo(model, { maxTokens })).wish.most;
const cost = (input: number, output: number) => BigInt(input) * INPUT + BigInt(output) * OUTPUT;

describe('hosted tools', () => {
  const prices = { ...PRICES, tools: { web_search: '0.01' } };
  const search = { hostedTools: [{ type: 'web_search' as const }], maxTokens: 500 };
  const CENT = 10_000_000_000n;

  it('cost what their calls do, as many as the caller allows', () => {
    const call = callTo({ prices }, { ...search, maxToolCalls: 3 });
    const plan = planned(call);
    expect(plan.wish.most).toBe(cost(1_000, 500) + 3n * CENT);
    expect(limitOutput(call, plan, plan.wish.most)).toBe(call);
  });

  it('are called so often at most, where the caller sets no limit', () => {
    const call = callTo({ prices }, search);
    const plan = planned(call);
    expect(plan.wish.most).toBe(cost(1_000, 500) + BigInt(FALLBACK_TOOL_CALLS) * CENT);
    const limited = limitOutput(call, plan, plan.wish.most - cost(0, 100));
    expect(limited.request).toMatchObject({ maxTokens: 400, maxToolCalls: FALLBACK_TOOL_CALLS });
    expect(limited.warnings).toHaveLength(2);
  });

  it('are not limited where calls of them are free, nor planned where their price is not known', () => {
    const free = callTo({ prices }, { hostedTools: [{ type: 'shell' }], maxTokens: 500 });
    expect(limitOutput(free, planned(free), cost(1_000, 500))).toBe(free);
    expect(planAttempt(callTo({}, search), COUNTED, OPTIONS)).toBeUndefined();
  });
});

describe('the most that an attempt can cost', () => {
  it('is bounded by the output limit of the request', () => {
    const call = callTo({ maxOutputTokens: 16_384 }, { maxTokens: 500 });
    expect(planned(call).wish).toEqual({
      most: cost(1_000, 500),
      least: cost(1_000, 100),
      explicit: true,
    });
  });

  it('is else bounded by the longest answer of the model', () => {
    expect(planned(callTo({ maxOutputTokens: 16_384 })).wish).toEqual({
      most: cost(1_000, 16_384),
      least: cost(1_000, 100),
      explicit: false,
    });
  });

  it('is bounded by what the prompt leaves of the window, if that is less', () => {
    const call = callTo({ contextWindow: 8_192, maxOutputTokens: 8_192 });
    expect(planned(call).wish.most).toBe(cost(1_000, 7_192));
  });

  it('is bounded by the whole window while the prompt is not counted', () => {
    const call = callTo({ contextWindow: 8_192 });
    expect(planned(call, { tokens: 3_000, counted: false }).wish.most).toBe(cost(3_000, 8_192));
  });

  it('is bounded by a limit of our own where nothing is known', () => {
    expect(planned(callTo({})).wish.most).toBe(cost(1_000, FALLBACK_OUTPUT_LIMIT));
  });

  it('is of one token at least if the prompt seems to fill the window', () => {
    const call = callTo({ contextWindow: 900 });
    expect(planned(call).wish).toMatchObject({ most: cost(1_000, 1), least: cost(1_000, 1) });
  });

  it('is not known if no price is', () => {
    const { prices: _prices, ...model } = aModel();
    const call = aCall({ target: { model, surface: 'chat_completions' } });
    expect(planAttempt(call, COUNTED, OPTIONS)).toBeUndefined();
  });
});

describe('the least that it can be made to cost', () => {
  it('is that of the whole answer if it is to be short', () => {
    const { most, least } = planned(callTo({}, { maxTokens: 20 })).wish;
    expect(least).toBe(most);
  });

  it('does not go below what the Responses API takes', () => {
    const call = callTo({ maxOutputTokens: 4_096 }, {}, 'responses');
    const { least } = planned(call, COUNTED, { ...OPTIONS, minOutputTokens: 1 }).wish;
    expect(least).toBe(cost(1_000, 16));
  });

  it('is that of the whole answer beside a prediction, which takes no limit', () => {
    const { most, least } = planned(callTo({ maxOutputTokens: 4_096 }, { prediction: 'x' })).wish;
    expect(least).toBe(most);
  });

  it('is as usual beside a prediction to which the caller set a limit', () => {
    const call = callTo({ maxOutputTokens: 4_096 }, { prediction: 'x', maxTokens: 2_000 });
    expect(planned(call).wish.least).toBe(cost(1_000, 100));
  });
});

describe('the output limit', () => {
  it('stays as it is if everything was granted', () => {
    const call = callTo({ maxOutputTokens: 4_096 });
    const plan = planned(call);
    expect(limitOutput(call, plan, plan.wish.most)).toBe(call);
  });

  it('is lowered to what was granted, and the caller is told', () => {
    const call = { ...callTo({ maxOutputTokens: 4_096 }), warnings: ['First.'] };
    const lowered = limitOutput(call, planned(call), cost(1_000, 700) + OUTPUT - 1n);
    expect(lowered.request.maxTokens).toBe(700);
    expect(lowered.warnings).toEqual([
      'First.',
      'The answer is limited to 700 tokens, which is what the budgets leave for it.',
    ]);
  });

  it('is lowered to no less than the least', () => {
    const call = callTo({}, { maxTokens: 4_000 });
    const plan = planned(call);
    expect(limitOutput(call, plan, plan.wish.least).request.maxTokens).toBe(100);
  });

  it('is as high as it can be with what was granted, and never raised', () => {
    const prices = fc.bigInt({ min: 1n, max: 10n ** 9n - 1n }).map((nano) => `0.${nano}`);
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        prices,
        prices,
        fc.integer({ min: 1, max: 9_999 }),
        shares,
        (input, output, maxTokens, share) => {
          const model = { prices: { ...PRICES, standard: { input, output } } };
          const call = callTo(model, { maxTokens });
          const { most, least } = planned(call).wish;
          const granted = least + (BigInt(Math.floor(share * 1e9)) * (most - least)) / 10n ** 9n;
          const limit = limitOutput(call, planned(call), granted).request.maxTokens ?? 0;
          expect(limit).toBeLessThanOrEqual(maxTokens);
          expect(limit).toBeGreaterThanOrEqual(Math.min(100, maxTokens));
          expect(costOf(model, limit)).toBeLessThanOrEqual(granted);
          if (limit < maxTokens) expect(costOf(model, limit + 1)).toBeGreaterThan(granted);
        },
      ),
    );
  });

  it('is sent where only it keeps the answer within what was reserved', () => {
    const call = callTo({});
    const plan = planned(call);
    const { request, warnings } = limitOutput(call, plan, plan.wish.most);
    expect(request.maxTokens).toBe(FALLBACK_OUTPUT_LIMIT);
    expect(warnings).toEqual([
      'The answer is limited to 16384 tokens, as no limit of gpt-test is known and a budget applies.',
    ]);
  });
});
