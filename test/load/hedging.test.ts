import { expect, it } from '@jest/globals';
import { LOAD, SAME, slowTail } from './hedging.ts';
import { simulate } from './world.ts';

it('spares callers most of a slow tail', async () => {
  const load = { ...LOAD, seconds: 40, upstreams: { default: slowTail(0.04) } };
  const hedge = { ...SAME, after: { ms: 1_500 } };
  const [without, hedged] = [await simulate(load), await simulate({ ...load, hedge })];
  expect(without.firstP99Ms).toBeGreaterThan(10_000);
  expect(hedged.firstP99Ms).toBeLessThan(3_000);
  expect(hedged.requests / hedged.calls).toBeLessThan(1.05);
  expect([hedged.share, hedged.spoiled]).toEqual([1, 0]);
});
