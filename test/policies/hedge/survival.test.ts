import { describe, expect, it } from '@jest/globals';
import { type Sample, Survival } from '../../../src/policies/hedge/survival.ts';

const seen = (...times: number[]): Sample[] => times.map((ms) => ({ ms, seen: true }));
const cut = (...times: number[]): Sample[] => times.map((ms) => ({ ms, seen: false }));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('Survival', () => {
  it('has the quantiles of what was seen', () => {
    const times = new Survival(seen(...upTo(100).toReversed()));
    expect([0.5, 0.95, 1].map((share) => times.quantile(share))).toEqual([50, 95, 100]);
    expect(times.seen).toBe(100);
  });

  it('does not take a wait that was cut short for a quick one', () => {
    const times = new Survival([...seen(...upTo(95)), ...cut(...Array(5).fill(96))]);
    expect(times.quantile(0.95)).toBe(95);
    expect(times.quantile(0.96)).toBe(Number.POSITIVE_INFINITY);
  });

  it('lets those that were cut short early count as little as is known of them', () => {
    // Kaplan and Meier, by hand: 4/5, 4/5, 4/5 * 2/3, 4/5 * 1/3.
    const times = new Survival([...seen(10, 30, 40), ...cut(20, 50)]);
    expect(times.quantile(0.2)).toBe(10);
    expect(times.quantile(0.4)).toBe(30);
    expect(times.quantile(0.5)).toBe(40);
    expect(times.quantile(0.75)).toBe(Number.POSITIVE_INFINITY);
  });

  it('tells how much longer one takes that has taken so long', () => {
    const times = new Survival(seen(10, 20, 30, 40));
    expect(times.remaining(0)).toBeCloseTo(25);
    expect(times.remaining(20)).toBeCloseTo(15);
    expect(times.remaining(25)).toBeCloseTo(10);
    expect(times.remaining(40)).toBe(0);
  });

  it('lets the slow ones that were waited for stand for those that were not', () => {
    const times = new Survival([...seen(...upTo(94), 1_000), ...cut(...Array(5).fill(100))]);
    expect(times.remaining(100)).toBeCloseTo(900);
  });

  it('knows nothing without samples', () => {
    const times = new Survival([]);
    expect([times.quantile(0.5), times.remaining(5), times.seen]).toEqual([
      Number.POSITIVE_INFINITY,
      0,
      0,
    ]);
  });
});
