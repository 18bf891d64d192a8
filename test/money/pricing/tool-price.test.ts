import { describe, expect, it } from '@jest/globals';
import { dearestCall, toolsCost } from '../../../src/money/pricing/tool-price.ts';
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
});
