import { describe, expect, it } from '@jest/globals';
import type { TokenPrices } from '../../../src/core/model.ts';
import type { Cost } from '../../../src/core/usage.ts';
import { addCost, attemptCost } from '../../../src/money/pricing/cost.ts';
import { aCall, usage } from '../../support/events.ts';
import { aModel } from '../../support/models.ts';

const MODEL = aModel({
  prices: {
    currency: 'USD',
    standard: { input: '1', cacheWrite: '2', cacheWrite12h: '3', output: '4' },
    priority: { input: '10', output: '40' },
    history: [],
  },
});

function costIn(asked: string | undefined, served: string, fields = {}) {
  const request = { messages: [], ...(asked !== undefined && { serviceTier: asked }), ...fields };
  const call = aCall({ request, target: { model: MODEL, surface: 'chat_completions' } });
  return attemptCost(call, usage({ inputTokens: 10, cacheWriteTokens: 10, outputTokens: 1 }), {
    serviceTier: served,
    at: 0,
    catalogueVersion: 'v1',
  });
}

describe('attemptCost', () => {
  it.each([
    [undefined, '', 24n, false],
    [undefined, 'default', 24n, false],
    [undefined, 'priority', 140n, false],
    ['default', '', 24n, false],
    ['priority', 'default', 24n, false],
    ['priority', '', 140n, true],
    ['auto', '', 24n, true],
    [undefined, 'on_demand', 24n, false],
    ['default', 'standard', 24n, false],
    [undefined, 'performance', 24n, true],
    ['priority', 'performance', 140n, true],
    ['auto', 'flex', 24n, true],
    [undefined, 'flex', 24n, true],
    ['priority', 'flex', 140n, true],
  ])('of a call that asked for %j and was served by %j is %s micro-dollars', (...args) => {
    const [asked, served, micro, estimated] = args;
    expect(costIn(asked, served)).toEqual({
      picoDollars: micro * 1_000_000n,
      catalogueVersion: 'v1',
      estimated,
      unpriced: false,
    });
  });

  it('has the price of the lifetime in the cache that was asked for', () => {
    const ttl = (one: string) => costIn(undefined, '', { promptCacheOptions: { ttl: one } });
    expect(ttl('12h').picoDollars).toBe(34_000_000n);
    expect(ttl('30m').picoDollars).toBe(24_000_000n);
    expect(costIn(undefined, '', { promptCacheRetention: '24h' }).picoDollars).toBe(24_000_000n);
  });

  describe('of audio', () => {
    const heard = usage({
      inputTokens: 10,
      audioInputTokens: 4,
      outputTokens: 5,
      audioOutputTokens: 3,
    });
    const costWith = (more: Partial<TokenPrices>) => {
      const standard = { input: '1', output: '2', ...more };
      const model = aModel({ prices: { currency: 'USD', standard, history: [] } });
      const call = aCall({ target: { model, surface: 'chat_completions' } });
      return attemptCost(call, heard, { serviceTier: '', at: 0, catalogueVersion: 'v1' });
    };

    it('has its own price', () => {
      const cost = costWith({ audioInput: '10', audioOutput: '20' });
      expect(cost).toMatchObject({
        picoDollars: BigInt(6 * 1 + 4 * 10 + 2 * 2 + 3 * 20) * 1_000_000n,
        unpriced: false,
      });
    });

    it('is marked, and the rest is priced, where that is not known', () => {
      expect(costWith({})).toMatchObject({
        picoDollars: BigInt(6 * 1 + 2 * 2) * 1_000_000n,
        unpriced: true,
      });
    });
  });

  it('is the standard one for a cancelled prompt that is too long for the tier', () => {
    const model = aModel({
      prices: {
        currency: 'USD',
        standard: { input: '1', output: '4' },
        longContext: { aboveInputTokens: 9, input: '2', output: '6' },
        priority: { input: '10', output: '40' },
        history: [],
      },
    });
    const call = aCall({
      request: { messages: [], serviceTier: 'fast' },
      target: { model, surface: 'responses' },
    });
    const tokens = usage({ inputTokens: 10, outputTokens: 1 });
    const billing = { serviceTier: '', at: 0, catalogueVersion: 'v1' };
    expect(attemptCost(call, tokens, billing)).toMatchObject({
      picoDollars: 26_000_000n,
      estimated: true,
      unpriced: false,
    });
    expect(attemptCost(call, tokens, { ...billing, serviceTier: 'priority' })).toMatchObject({
      picoDollars: 26_000_000n,
      estimated: true,
      unpriced: false,
    });
  });

  it('is a multiple for a long prompt where priority takes it', () => {
    const model = aModel({
      prices: {
        currency: 'USD',
        standard: { input: '1', output: '4' },
        longContext: { aboveInputTokens: 9, inPriority: true, input: '2', output: '6' },
        priority: { input: '10', output: '40' },
        history: [],
      },
    });
    const call = aCall({
      request: { messages: [], serviceTier: 'priority' },
      target: { model, surface: 'responses' },
    });
    const tokens = usage({ inputTokens: 10, outputTokens: 1 });
    for (const serviceTier of ['priority', '']) {
      const billing = { serviceTier, at: 0, catalogueVersion: 'v1' };
      expect(attemptCost(call, tokens, billing)).toMatchObject({
        picoDollars: 260_000_000n,
        unpriced: false,
      });
    }
  });

  it('is marked where no price is known, never free', () => {
    expect(costIn('flex', 'flex')).toMatchObject({ picoDollars: 0n, unpriced: true });
    const call = aCall({ target: { model: aModel(), surface: 'chat_completions' } });
    const billing = { serviceTier: 'default', at: 0, catalogueVersion: 'v1' };
    expect(attemptCost(call, usage({ inputTokens: 10 }), billing)).toMatchObject({
      picoDollars: 0n,
      unpriced: true,
      estimated: false,
    });
  });
});

describe('addCost', () => {
  it('adds up, and is an estimate or unpriced if a part is', () => {
    const cost = (fields: Partial<Cost>): Cost => ({
      picoDollars: 1n,
      catalogueVersion: 'v1',
      estimated: false,
      unpriced: false,
      ...fields,
    });
    const a = cost({ estimated: true });
    expect(addCost(undefined, a)).toBe(a);
    expect(addCost(a, cost({ catalogueVersion: 'v2' }))).toEqual(
      cost({ picoDollars: 2n, catalogueVersion: 'v2', estimated: true }),
    );
    expect(addCost(cost({}), cost({ unpriced: true }))).toEqual(
      cost({ picoDollars: 2n, unpriced: true }),
    );
    expect(addCost(cost({ unpriced: true }), cost({})).unpriced).toBe(true);
  });
});
