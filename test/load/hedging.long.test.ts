import { describe, expect, it } from '@jest/globals';
import { CHAIN, LOAD, SAME, slowdown, slowTail, spreadTail } from './hedging.ts';
import type { Result } from './load.ts';
import { simulate } from './world.ts';

/** Requests beyond one for each call, as a share: what hedging costs at most, for the loser is cut short. */
const more = ({ requests, calls }: Result): number => requests / calls - 1;

describe('hedging, with default settings but for `after`', () => {
  it.each([1, 2])(
    'of a 5%% slow tail leaves a third at the 99th percentile, at under 6%% more (seed %d)',
    async (seed) => {
      const load = { ...LOAD, seed, upstreams: { default: slowTail(0.05) } };
      const [without, same] = [await simulate(load), await simulate({ ...load, hedge: SAME })];
      expect(without.firstP99Ms).toBeGreaterThan(10_000);
      expect(same.firstP99Ms).toBeLessThan(without.firstP99Ms / 3);
      expect(more(same)).toBeLessThan(0.06);
      expect([same.share, same.spoiled]).toEqual([1, 0]);

      const two = { ...LOAD, seed, upstreams: { default: slowTail(0.05), azure: slowTail(0) } };
      const chain = await simulate({ ...two, hedge: CHAIN });
      expect(chain.firstP99Ms).toBeLessThan(without.firstP99Ms / 3);
      expect(more(chain)).toBeLessThan(0.06);
      expect([chain.share, chain.spoiled]).toEqual([1, 0]);
    },
    120_000,
  );

  it.each([1, 3])(
    'does so where many are a little slow, too, if its share has room for them (seed %d)',
    async (seed) => {
      const load = { ...LOAD, seed, upstreams: { default: spreadTail(0.05) } };
      const hedge = { ...SAME, maxShare: 0.07 };
      const [without, hedged] = [await simulate(load), await simulate({ ...load, hedge })];
      expect(hedged.firstP99Ms).toBeLessThan(without.firstP99Ms / 3);
      expect(more(hedged)).toBeLessThan(0.06);
    },
    120_000,
  );

  it.each([1, 2])(
    'adds no more than its share when everything becomes ten times as slow (seed %d)',
    async (seed) => {
      const load = { ...LOAD, seed, upstreams: { default: slowdown(30_000) } };
      for (const hedge of [SAME, { after: { ms: 1_000 }, to: 'same' } as const]) {
        const result = await simulate({ ...load, hedge });
        expect(more(result)).toBeLessThanOrEqual(0.05);
        expect(more(result)).toBeGreaterThan(0.01);
        expect([result.share, result.spoiled]).toEqual([1, 0]);
      }
    },
    120_000,
  );
});
