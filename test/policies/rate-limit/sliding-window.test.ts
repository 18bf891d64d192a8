import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SlidingWindow } from '../../../src/policies/rate-limit/sliding-window.ts';

describe('SlidingWindow', () => {
  it('is free again when what was taken is a minute old', () => {
    const window = new SlidingWindow(100, 0);
    expect(window.take(60, 100)).toBe(true);
    expect(window.take(60, 30_000)).toBe(false);
    expect(window.take(40, 30_000)).toBe(true);
    expect(window.waitMs(60, 30_000)).toBe(30_500);
    expect(window.take(60, 60_499)).toBe(false);
    expect(window.take(60, 60_500)).toBe(true);
    expect(window.waitMs(40, 60_500)).toBe(30_000);
  });

  it('lets through what exceeds it when it is empty', () => {
    const window = new SlidingWindow(100, 0);
    expect(window.take(300, 0)).toBe(true);
    expect(window.waitMs(1, 1_000)).toBe(59_500);
    expect(window.take(1, 60_500)).toBe(true);
  });

  it('estimates the wait behind more than a minute holds', () => {
    const window = new SlidingWindow(100, 0);
    window.take(100, 0);
    expect(window.waitMs(50, 0, 200)).toBe(60_000 * 2.5);
  });

  it('takes back what is still in it', () => {
    const window = new SlidingWindow(100, 0);
    window.take(100, 0);
    window.give(30, 0);
    expect(window.take(30, 10_000)).toBe(true);
    expect(window.take(1, 10_000)).toBe(false);
    window.give(-5, 10_000);
    expect(window.waitMs(70, 60_500)).toBe(10_000);
    window.give(30, 0);
    expect(window.take(66, 60_500)).toBe(false);
  });

  it('never lets more than its limit into a minute, whenever that begins', () => {
    const uses = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 40 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(uses, (steps) => {
        const window = new SlidingWindow(100, 0);
        const taken: { at: number; amount: number }[] = [];
        let now = 0;
        for (const [pause, amount] of steps) {
          now += pause;
          if (window.take(amount, now)) taken.push({ at: now, amount });
        }
        for (const { at: from } of taken) {
          const within = taken.filter(({ at }) => at >= from && at < from + 60_000);
          expect(within.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
