import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Model, ModelPrices } from '../../../src/core/model.ts';
import {
  affordableOutput,
  costOf,
  mostCosts,
  type PlannedAttempt,
  type PriceFacts,
  tokenPrices,
} from '../../../src/money/pricing/price.ts';
import { toUsage } from '../../../src/openai/answer/map-usage.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { usage } from '../../support/events.ts';
import { fewOrMany } from '../../support/long.ts';
import { aModel } from '../../support/models.ts';
import golden from './golden.json' with { type: 'json' };
import { usageWithin } from './usage.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const { models, find } = builtInCatalogue();
const priced = models.filter(({ prices }) => prices?.standard.output !== undefined);

function modelOf(name: string): Model {
  const model = find(name);
  if (model === undefined) throw new Error(`The catalogue has no ${name}.`);
  return model;
}

function sold(prices: Partial<ModelPrices>): Model {
  const standard = { input: '1', output: '2' };
  return aModel({ prices: { currency: 'USD', history: [], standard, ...prices } });
}

const facts = (fields: Partial<PriceFacts> = {}) => ({ serviceTier: '', at: NOW, ...fields });

function mostCost(
  model: Model,
  { outputTokens, ...attempt }: PlannedAttempt & { readonly outputTokens: number },
): bigint | undefined {
  return mostCosts(model, attempt, outputTokens)?.[0];
}

describe('costOf', () => {
  const columns = golden.columns.split(' ');
  const cases = golden.cases.map((line) => {
    const values = line.split(' ').map((value) => (value === '-' ? '' : value));
    return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']));
  });

  function costOfCase(row: Readonly<Record<string, string>>): bigint | undefined {
    const tokens = usage({
      inputTokens: Number(row.input),
      outputTokens: Number(row.output),
      cacheReadTokens: Number(row.cacheRead),
      cacheWriteTokens: Number(row.cacheWrite),
      reasoningTokens: Number(row.reasoning),
    });
    return costOf(tokens, modelOf(row.model ?? ''), {
      serviceTier: row.tier ?? '',
      at: Date.parse(row.at ?? ''),
      cacheTtl: row.ttl,
      batch: row.api === 'batch',
    });
  }

  it('agrees to the pico-dollar with what another program computed', () => {
    const computed = golden.cases.map((line, index) => {
      const cost = costOfCase(cases[index] ?? {});
      return line.replace(/\S+$/, cost === undefined ? '-' : cost.toString());
    });
    expect(computed).toEqual(golden.cases);
  });

  it('is compared for every model of the catalogue, in hundreds of cases', () => {
    expect(cases.filter(({ picoDollars }) => picoDollars !== '').length).toBeGreaterThan(400);
    const compared = new Set(cases.map(({ model }) => model));
    expect(models.filter(({ id }) => !compared.has(id))).toEqual([]);
  });

  it('bills predicted tokens that did not occur in the answer as output', () => {
    const tokens = toUsage({
      prompt_tokens: 10,
      completion_tokens: 50,
      completion_tokens_details: { accepted_prediction_tokens: 8, rejected_prediction_tokens: 30 },
    });
    expect(costOf(tokens, modelOf('gpt-4o'), facts())).toBe(10n * 2_500_000n + 50n * 10_000_000n);
  });

  it('is exact with six decimals, and rounds half up, once, with more', () => {
    const model = sold({ standard: { input: '0.000001', output: '0.0000005' } });
    const cost = (inputTokens: number, outputTokens: number) =>
      costOf(usage({ inputTokens, outputTokens }), model, facts());
    expect(cost(7, 0)).toBe(7n);
    expect(cost(0, 1)).toBe(1n);
    expect(cost(0, 3)).toBe(2n);
    expect(cost(0, 4)).toBe(2n);
  });

  it('has no price for a model without one, and a price of 0 where that is the price', () => {
    expect(costOf(usage(), aModel(), facts())).toBeUndefined();
    expect(costOf(usage(), sold({ standard: { input: '0', output: '0' } }), facts())).toBe(0n);
  });

  it('has no price for a long request if a tier sells nothing that could be multiplied', () => {
    const model = sold({
      standard: { input: '0', output: '1' },
      longContext: { aboveInputTokens: 100, input: '2', output: '2' },
      flex: { input: '0', output: '1' },
    });
    const long = usage({ inputTokens: 101 });
    expect(costOf(long, model, facts({ serviceTier: 'flex' }))).toBeUndefined();
    expect(costOf(long, model, facts())).toBe(101n * 2_000_000n + 5n * 2_000_000n);
    const request = { messages: [], serviceTier: 'flex' };
    expect(
      mostCost(model, { inputTokens: 101, outputTokens: 1, request, at: NOW }),
    ).toBeUndefined();
  });

  it('has no price for output where a long request has none', () => {
    const model = sold({ longContext: { aboveInputTokens: 100, input: '2' } });
    const cost = (outputTokens: number) =>
      costOf(usage({ inputTokens: 101, outputTokens }), model, facts());
    expect([cost(0), cost(1)]).toEqual([202_000_000n, undefined]);
    const batch = costOf(
      usage({ inputTokens: 101 }),
      sold({ ...model.prices, batch: { input: '1', output: '1' } }),
      facts({ batch: true }),
    );
    expect(batch).toBeUndefined();
  });

  it('rounds a multiplied price up', () => {
    const model = sold({
      standard: { input: '3', output: '3' },
      longContext: { aboveInputTokens: 0, input: '4', output: '3' },
      flex: { input: '0.000001', output: '1' },
    });
    const cost = costOf(
      usage({ inputTokens: 1_000, outputTokens: 0 }),
      model,
      facts({ serviceTier: 'flex' }),
    );
    expect(cost).toBe(1_334n);
  });

  it.each(['1e3', '', '-1', '1.', '.5', '0.1234567891'])('refuses the price %j', (input) => {
    const model = sold({ standard: { input, output: '1' } });
    expect(() => costOf(usage(), model, facts())).toThrow(RangeError);
  });
});

describe('mostCosts', () => {
  const tiers = ['', 'auto', 'default', 'scale', 'flex', 'priority', 'fast'];
  const ttls = [undefined, '30m', '12h'];
  /** The tiers by which a request may be served. */
  const servedBy = (asked: string): readonly string[] => {
    if (asked === '' || asked === 'auto') return ['', 'auto', 'default', 'scale', 'priority'];
    return asked === 'default' || asked === 'scale' ? [asked] : [asked, 'default'];
  };
  const attempts = fc
    .record({
      model: fc.constantFrom(...priced),
      asked: fc.constantFrom(...tiers),
      ttl: fc.constantFrom(...ttls),
      inputTokens: fc.oneof(fc.nat(2_000), fc.integer({ min: 271_990, max: 272_010 }), fc.nat(1e6)),
      outputTokens: fc.nat(200_000),
      at: fc.constantFrom(NOW, Date.UTC(2026, 6, 29, 12), Date.UTC(2025, 0, 1)),
    })
    .map(({ model, asked, ttl, inputTokens, outputTokens, at }) => ({
      model,
      planned: {
        inputTokens,
        outputTokens,
        at,
        request: {
          messages: [],
          ...(asked && { serviceTier: asked }),
          ...(ttl && { promptCacheOptions: { ttl } }),
        },
      },
    }));

  it('is never less than what an attempt costs, in whichever tier it may be served', () => {
    const served = attempts.chain((attempt) =>
      fc.record({
        attempt: fc.constant(attempt),
        tokens: usageWithin(attempt.planned.inputTokens, attempt.planned.outputTokens),
        serviceTier: fc.constantFrom(...servedBy(attempt.planned.request.serviceTier ?? '')),
      }),
    );
    fc.assert(
      fc.property(served, ({ attempt: { model, planned }, tokens, serviceTier }) => {
        const { request, at } = planned;
        const cacheTtl = request.promptCacheOptions?.ttl;
        const most = mostCost(model, planned);
        const cost = costOf(tokens, model, { serviceTier, at, cacheTtl });
        // A tier that is not sold cannot serve; a bound is only promised where the asked one has a price.
        fc.pre(most !== undefined && cost !== undefined);
        expect(cost <= most).toBe(true);
      }),
      { numRuns: fewOrMany(1_000, 5_000) },
    );
  });

  it.each([
    [
      'rises within a day',
      '2026-11-22',
      { input: '0.5', output: '1' },
      1_000_000n + 2n * 2_000_000n,
    ],
    ['rises later', '2026-11-23', { input: '0.5', output: '1' }, 500_000n + 2n * 1_000_000n],
    ['falls within a day', '2026-11-22', { input: '3', output: '4' }, 3_000_000n + 2n * 4_000_000n],
  ])('reckons with the price of when it is sent where that %s', (_how, until, past, most) => {
    const model = sold({ history: [{ until, ...past }] });
    const attempt = { inputTokens: 1, request: { messages: [], serviceTier: 'default' }, at: NOW };
    expect(mostCost(model, { ...attempt, outputTokens: 2 })).toBe(most);
    expect(affordableOutput(model, attempt, most)).toBe(2);
  });

  it('is met by a prompt that is all written to the cache, in the dearest tier', () => {
    const model = modelOf('gpt-5.6-sol');
    const tokens = usage({ inputTokens: 1_000, cacheWriteTokens: 1_000, outputTokens: 10 });
    const planned = { inputTokens: 1_000, outputTokens: 10, request: { messages: [] }, at: NOW };
    expect(mostCost(model, planned)).toBe(
      costOf(tokens, model, facts({ serviceTier: 'priority' })),
    );
    const request = { messages: [], serviceTier: 'default' };
    expect(mostCost(model, { ...planned, request })).toBe(costOf(tokens, model, facts()));
  });

  it('takes a shorter prompt where that is the dearer one', () => {
    const model = sold({
      standard: { input: '8', output: '1' },
      longContext: { aboveInputTokens: 100, input: '1', output: '1' },
    });
    const planned = { inputTokens: 101, outputTokens: 0, request: { messages: [] }, at: NOW };
    expect(mostCost(model, planned)).toBe(800n * 1_000_000n);
  });

  it.each([
    ['a model without a price', aModel(), ''],
    ['a tier that the model is not sold in', modelOf('gpt-4o'), 'flex'],
    ['a tier that nobody knows', modelOf('gpt-5'), 'ultrafast'],
    ['a model that answers with something else', modelOf('text-embedding-3-small'), ''],
  ])('is not known for %s', (_, model, serviceTier) => {
    const planned = { inputTokens: 1, request: { messages: [], serviceTier }, at: NOW };
    expect(mostCost(model, { ...planned, outputTokens: 1 })).toBeUndefined();
    expect(affordableOutput(model, planned, 0n)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is inverted by affordableOutput', () => {
    const pico = fc.oneof(
      fc.bigInt({ min: 0n, max: 5_000_000_000_000n }),
      fc.bigInt({ min: 0n, max: 10_000n }),
    );
    fc.assert(
      fc.property(attempts, pico, ({ model, planned }, amount) => {
        fc.pre(mostCost(model, planned) !== undefined);
        const outputTokens = affordableOutput(model, planned, amount);
        const most = (tokens: number) =>
          mostCost(model, { ...planned, outputTokens: tokens }) ?? 0n;
        expect(most(outputTokens) <= amount).toBe(true);
        expect(most(outputTokens + 1) > amount).toBe(true);
      }),
      { numRuns: fewOrMany(400, 2_000) },
    );
  });
});

describe('affordableOutput', () => {
  const planned = { inputTokens: 10, request: { messages: [] }, at: NOW };

  it('is negative if not even the prompt is affordable', () => {
    const model = sold({});
    expect(affordableOutput(model, planned, 9_999_999n)).toBe(-1);
    expect(affordableOutput(model, planned, 10_000_000n)).toBe(0);
    expect(affordableOutput(model, planned, 13_999_999n)).toBe(1);
    expect(affordableOutput(model, planned, 0n)).toBe(-5);
  });

  it('is without end where output is free, and ends where numbers do', () => {
    const free = sold({ standard: { input: '1', output: '0' } });
    expect(affordableOutput(free, planned, 10_000_000n)).toBe(Number.POSITIVE_INFINITY);
    expect(affordableOutput(free, planned, 9_999_999n)).toBe(-1);
    expect(affordableOutput(sold({}), planned, 10n ** 30n)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('tokenPrices', () => {
  it.each([
    ['', 100, { input: 4_000_000n, output: 20_000_000n }],
    ['fast', 100, { input: 8_000_000n, output: 40_000_000n }],
    ['flex', 272_001, { input: 4_000_000n, output: 15_000_000n }],
    ['fast', 272_001, { input: 16_000_000n, output: 60_000_000n }],
    ['ultrafast', 100, undefined],
  ])('are those of the tier %j for a prompt of %s tokens', (serviceTier, inputTokens, prices) => {
    const planned = { inputTokens, request: { messages: [], serviceTier }, at: NOW };
    expect(tokenPrices(modelOf('gpt-5.6-sol'), planned)).toEqual(prices);
  });

  it('are not known where one is not', () => {
    const planned = { inputTokens: 1, request: { messages: [] }, at: NOW };
    expect(tokenPrices(modelOf('text-embedding-3-small'), planned)).toBeUndefined();
  });
});
