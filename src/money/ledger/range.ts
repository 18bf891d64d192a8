import type { Source } from './sums-statement.ts';
import { endOfDay, startOfDay } from './totals.ts';

/** Epoch ms, from inclusive, until exclusive. */
export type Range = readonly [from: number, until: number];

/** A part of a range that is read at once. */
export interface Slice {
  readonly source: Source;
  /** Whole days if the source are days. */
  readonly range: Range;
}

/** Records of so much time are summed at once: a busy sidecar has some ten thousand in it. */
const RECORDS_SLICE_MS = 600_000;

/**
 * Splits a range into whole days, of which the totals are kept for ever and are quick to read, and
 * the parts of a day at its ends, for which single records are read. A part whose records may have
 * been deleted becomes the whole day.
 *
 * @param deletedBefore Epoch ms: records that ended before it may be gone.
 */
export function sliceRange([from, until]: Range, deletedBefore: number): readonly Slice[] {
  const slices: Slice[] = [];
  for (let day = startOfDay(from); day < until; day = endOfDay(day)) {
    const part: Range = [Math.max(day, from), Math.min(endOfDay(day), until)];
    const whole = part[0] === day && part[1] === endOfDay(day);
    if (whole || part[0] < deletedBefore) {
      slices.push({ source: 'days', range: [day, endOfDay(day)] });
    } else {
      slices.push(...recordSlices(part));
    }
  }
  return slices;
}

function recordSlices([from, until]: Range): readonly Slice[] {
  const slices: Slice[] = [];
  for (let start = from; start < until; start += RECORDS_SLICE_MS) {
    const range: Range = [start, Math.min(start + RECORDS_SLICE_MS, until)];
    slices.push({ source: 'records', range });
  }
  return slices;
}
