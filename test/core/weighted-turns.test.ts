import { expect, it } from '@jest/globals';
import { WeightedTurns } from '../../src/core/weighted-turns.ts';

it('gives each its share within one turn at any time', () => {
  const turns = new WeightedTurns();
  const weights = [3, 1, 7];
  const taken = [0, 0, 0];
  for (let made = 1; made <= 1_000; made += 1) {
    const next = turns.next(weights) ?? -1;
    taken[next] = (taken[next] ?? 0) + 1;
    for (const [at, weight] of weights.entries()) {
      expect(Math.abs((taken[at] ?? 0) - (made * weight) / 11)).toBeLessThan(1);
    }
  }
});

it('passes over those that weigh nothing', () => {
  const turns = new WeightedTurns();
  expect([1, 2, 3].map(() => turns.next([0, 1, 0]))).toEqual([1, 1, 1]);
  expect(turns.next([0, 0])).toBeUndefined();
});
