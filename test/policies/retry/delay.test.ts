import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ErrorFacts } from '../../../src/core/errors.ts';
import { retryDelayMs } from '../../../src/policies/retry/delay.ts';
import { DEFAULT_RETRY } from '../../../src/policies/retry/options.ts';

const ALMOST_ONE = 1 - 2 ** -32;

function delays(facts: ErrorFacts, attempts: number): [least: number, most: number] {
  return [
    retryDelayMs(facts, attempts, DEFAULT_RETRY, () => 0),
    retryDelayMs(facts, attempts, DEFAULT_RETRY, () => ALMOST_ONE),
  ];
}

describe('retryDelayMs', () => {
  it.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [5, 8_000],
    [6, 8_000],
    [10, 8_000],
  ])('draws the wait after attempt %i from 0 to %i ms', (attempts, most) => {
    expect(delays({}, attempts)).toEqual([0, most]);
    expect(retryDelayMs({}, attempts, DEFAULT_RETRY, () => 0.5)).toBe(most / 2);
  });

  it.each([
    [1, 1_000, 2_000],
    [2, 2_000, 4_000],
    [6, 16_000, 32_000],
  ])('waits four times as long where the upstream wants less, after attempt %i', (n, ...range) => {
    expect(delays({ slowDown: true }, n)).toEqual(range);
  });

  it.each([
    [20, 22],
    [1_000, 1_100],
    [20_000, 20_500],
    [90_000, 90_500],
  ])('waits the %i ms that the upstream asks for, and a little more', (asked, most) => {
    expect(delays({ retryAfterMs: asked }, 1)).toEqual([asked, most]);
    expect(delays({ retryAfterMs: asked }, 3)).toEqual([asked, most]);
  });

  it('lets a failing upstream lengthen the back-off within its cap, and no further', () => {
    const failed = (retryAfterMs: number) => delays({ upstreamStatus: 503, retryAfterMs }, 1);
    expect(failed(100)).toEqual([100, 500]);
    expect(failed(2_000)).toEqual([2_000, 2_200]);
    expect(failed(86_400_000)).toEqual([8_000, 8_000]);
  });

  it('takes a wait of 0 for none', () => {
    expect(delays({ retryAfterMs: 0 }, 1)).toEqual([0, 500]);
  });

  it('waits the longer of both where the upstream wants less and says for how long', () => {
    expect(delays({ slowDown: true, retryAfterMs: 10 }, 1)).toEqual([1_000, 2_000]);
    expect(delays({ slowDown: true, retryAfterMs: 60_000 }, 1)).toEqual([60_000, 60_500]);
  });

  it('is never less than asked for, and never more than it may be, in whole ms', () => {
    const facts = fc.record(
      { retryAfterMs: fc.nat(10_000_000), slowDown: fc.boolean() },
      { requiredKeys: [] },
    );
    const options = fc.record({
      baseDelayMs: fc.integer({ min: 1, max: 60_000 }),
      maxDelayMs: fc.integer({ min: 1, max: 600_000 }),
    });
    const chance = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });
    fc.assert(
      fc.property(facts, fc.integer({ min: 1, max: 10 }), options, chance, (f, n, o, c) => {
        const wait = retryDelayMs(f, n, o, () => c);
        const asked = f.retryAfterMs ?? 0;
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(asked);
        expect(wait).toBeLessThanOrEqual(Math.max(asked + o.baseDelayMs, 4 * o.maxDelayMs));
      }),
    );
  });
});
