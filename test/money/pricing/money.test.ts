import { describe, expect, it } from '@jest/globals';
import { formatDollars, roundToNano, toDollars } from '../../../src/money/pricing/money.ts';

describe('roundToNano', () => {
  it.each([
    [0n, 0n],
    [499n, 0n],
    [500n, 1n],
    [1_499n, 1n],
    [1_500n, 2n],
    [2_500n, 3n],
    [123_456_789_012_345_678_901_500n, 123_456_789_012_345_678_902n],
  ])('rounds %s pico-dollars to %s nano-dollars, half up', (pico, nano) => {
    expect(roundToNano(pico)).toBe(nano);
  });
});

describe('formatDollars', () => {
  it.each([
    [0n, '0'],
    [1n, '0.000000000001'],
    [1_000_000_000_000n, '1'],
    [2_500_000_000_000n, '2.5'],
    [-75_000_000_000n, '-0.075'],
    [9_007_199_254_740_993_000_000_000_001n, '9007199254740993.000000000001'],
  ])('writes %s pico-dollars as %s', (pico, text) => {
    expect(formatDollars(pico)).toBe(text);
  });
});

describe('toDollars', () => {
  it('is a floating-point number of dollars', () => {
    expect(toDollars(1_250_000_000_000n)).toBe(1.25);
  });
});
