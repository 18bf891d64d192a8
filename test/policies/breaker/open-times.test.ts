import { expect, it } from '@jest/globals';
import { OpenTimes } from '../../../src/policies/breaker/open-times.ts';
import { DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';

/** How long a circuit stays open at each of so many openings behind one another, in ms. */
function openings(count: number, random: number): number[] {
  const times = new OpenTimes();
  return Array.from({ length: count }, () => {
    const now = times.halfOpenAt;
    times.opened(now, random, DEFAULT_BREAKER);
    return times.halfOpenAt - now;
  });
}

it('opens for a second or two at first, twice as long after each probe that fails, and ten seconds at most', () => {
  expect(openings(5, 0)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
});

it('spreads the time by chance, so that the probes of several targets do not fall into step', () => {
  expect(openings(4, 0.5)).toEqual([1_500, 3_000, 6_000, 10_000]);
});

it.each([
  ['a tenth of a second after it opened', 0, 100],
  ['a tenth of the time since it went down', 5_000, 500],
  ['a second, however long it has been down', 60_000, 1_000],
])('lets who waits try after %s', (_when, downMs, waitMs) => {
  const times = new OpenTimes();
  times.opened(0, 0, DEFAULT_BREAKER);
  expect(times.lastResortAt(downMs) - downMs).toBe(waitMs);
});
