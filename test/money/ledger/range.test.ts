import { describe, expect, it } from '@jest/globals';
import { sliceRange } from '../../../src/money/ledger/range.ts';
import { DAY, MIDNIGHT } from './support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const days = (first: number, last: number) => ({
  source: 'days',
  range: [MIDNIGHT + first * DAY, MIDNIGHT + last * DAY],
});

const records = (from: number, until: number) => ({
  source: 'records',
  range: [MIDNIGHT + from, MIDNIGHT + until],
});

function slices(from: number, until: number, deletedBefore = -DAY) {
  return sliceRange([MIDNIGHT + from, MIDNIGHT + until], MIDNIGHT + deletedBefore);
}

describe('a range of the ledger', () => {
  it('is read as whole days where it has some', () => {
    expect(slices(0, 2 * DAY)).toEqual([days(0, 1), days(1, 2)]);
  });

  it('is read from records at its ends, ten minutes at a time', () => {
    expect(slices(DAY - 15 * MINUTE, 2 * DAY + 10 * MINUTE)).toEqual([
      records(DAY - 15 * MINUTE, DAY - 5 * MINUTE),
      records(DAY - 5 * MINUTE, DAY),
      days(1, 2),
      records(2 * DAY, 2 * DAY + 10 * MINUTE),
    ]);
  });

  it('may begin and end within a day', () => {
    expect(slices(HOUR, HOUR + 1)).toEqual([records(HOUR, HOUR + 1)]);
  });

  it('is empty if it ends where it begins, or before', () => {
    expect(slices(HOUR, HOUR)).toEqual([]);
    expect(slices(DAY, 0)).toEqual([]);
  });

  it('is widened to whole days where records may be deleted', () => {
    expect(slices(HOUR, DAY + 10 * MINUTE, HOUR + 1)).toEqual([
      days(0, 1),
      records(DAY, DAY + 10 * MINUTE),
    ]);
    expect(slices(HOUR, DAY + 10 * MINUTE, DAY + 1)).toEqual([days(0, 1), days(1, 2)]);
  });

  it('is precise from the moment on before which records may be deleted', () => {
    expect(slices(HOUR, HOUR + 10 * MINUTE, HOUR)).toEqual([records(HOUR, HOUR + 10 * MINUTE)]);
  });
});
