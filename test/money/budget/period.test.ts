import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { periodAt } from '../../../src/money/budget/period.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

function spanOf(period: 'day' | 'month', now: string): [string, string] {
  const { startsAt, resetsAt } = periodAt(period, at(now));
  return [iso(startsAt).slice(0, 10), iso(resetsAt).slice(0, 10)];
}

describe('a day', () => {
  it.each([
    ['2026-03-14T15:09:26.535Z', '2026-03-14', '2026-03-15'],
    ['2026-03-14T00:00:00.000Z', '2026-03-14', '2026-03-15'],
    ['2026-03-14T23:59:59.999Z', '2026-03-14', '2026-03-15'],
    ['2026-12-31T12:00:00.000Z', '2026-12-31', '2027-01-01'],
    ['2028-02-28T12:00:00.000Z', '2028-02-28', '2028-02-29'],
    ['2026-02-28T12:00:00.000Z', '2026-02-28', '2026-03-01'],
  ])('at %s lasts from %s to %s', (now, from, to) => {
    expect(spanOf('day', now)).toEqual([from, to]);
  });
});

describe('a month', () => {
  it.each([
    ['2026-01-31T23:59:59.999Z', '2026-01-01', '2026-02-01'],
    ['2026-02-01T00:00:00.000Z', '2026-02-01', '2026-03-01'],
    ['2028-02-29T12:00:00.000Z', '2028-02-01', '2028-03-01'],
    ['2026-04-30T12:00:00.000Z', '2026-04-01', '2026-05-01'],
    ['2026-12-31T12:00:00.000Z', '2026-12-01', '2027-01-01'],
  ])('at %s lasts from %s to %s', (now, from, to) => {
    expect(spanOf('month', now)).toEqual([from, to]);
  });

  it.each([
    ['2026-02-10T00:00:00Z', 28],
    ['2028-02-10T00:00:00Z', 29],
    ['2100-02-10T00:00:00Z', 28],
    ['2026-04-10T00:00:00Z', 30],
    ['2026-07-10T00:00:00Z', 31],
  ])('at %s has %i days', (now, days) => {
    const { startsAt, resetsAt } = periodAt('month', at(now));
    expect((resetsAt - startsAt) / 86_400_000).toBe(days);
  });
});

it('lasts for ever if it is a total', () => {
  expect(periodAt('total', at('2026-03-14'))).toEqual({
    startsAt: 0,
    resetsAt: Number.POSITIVE_INFINITY,
  });
});

it('contains its moment, and the next one begins where it ends', () => {
  const moments = fc.double({ min: 0, max: at('2100-01-01'), noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom('day' as const, 'month' as const), moments, (period, now) => {
      const { startsAt, resetsAt } = periodAt(period, now);
      expect(startsAt).toBeLessThanOrEqual(now);
      expect(now).toBeLessThan(resetsAt);
      expect(periodAt(period, resetsAt).startsAt).toBe(resetsAt);
      expect(periodAt(period, resetsAt - 1).startsAt).toBe(startsAt);
    }),
  );
});
