import { describe, expect, it } from '@jest/globals';
import { dearestCall, toolsCost } from '../../../src/money/pricing/tool-price.ts';
import { builtInCatalogue } from '../../../src/request/catalogue/catalogue.ts';
import { aModel } from '../../support/models.ts';

const MODEL = aModel({
  prices: {
    currency: 'USD',
    standard: { input: '1' },
    tools: { web_search: '0.01', file_search: '0.0025' },
    history: [],
  },
});

describe('the price of calls of hosted tools', () => {
  it.each<[Record<string, number>, bigint | undefined]>([
    [{}, 0n],
    [{ web_search: 3 }, 30_000_000_000n],
    [{ web_search: 1, file_search: 2, mcp: 7 }, 15_000_000_000n],
    [{ image_generation: 1 }, undefined],
    [{ constructor: 1 }, undefined],
  ])('of %j is exact, or not known', (calls, cost) => {
    expect(toolsCost(calls, MODEL)).toBe(cost);
  });

  it('is that of the dearest, before anybody knows which are called', () => {
    const files = { type: 'file_search', vectorStoreIds: ['vs'] } as const;
    expect(dearestCall([files, { type: 'web_search' }, { type: 'shell' }], MODEL)).toBe(
      10_000_000_000n,
    );
    expect(dearestCall([{ type: 'shell' }], aModel())).toBe(0n);
    expect(dearestCall([{ type: 'web_search' }], aModel())).toBeUndefined();
  });

  it.each([
    // 0.01 dollars, and 8,000 tokens of input at 0.15 and 0.40 dollars per million.
    ['gpt-4o-mini', 11_200_000_000n],
    ['gpt-4.1-mini', 13_200_000_000n],
    ['gpt-4.1', 10_000_000_000n],
    ['gpt-5-mini', 10_000_000_000n],
  ])('of a search has what it finds in it where that is a fixed block: %s', (name, cost) => {
    const model = builtInCatalogue().find(name) ?? aModel();
    expect(toolsCost({ web_search: 1 }, model)).toBe(cost);
  });
});
