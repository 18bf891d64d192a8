import type { BucketShape } from './token-bucket.ts';

/** What may be sent at once, as time. */
const BURST_MS = 100;

/** A measured rate grows by this share a second, and by the cube of the time: it is twice as high after so many ms. */
const GROWTH = 0.005;
const DOUBLED_MS = 6_000;
/** By then it is a thousand times as high, and limits nothing. In ms. */
export const FORGOTTEN_MS = 60_000;

/** What may be sent so long after a rate was measured. @param rate per ms */
export function regrown(rate: number, ageMs: number): BucketShape {
  const refill = rate * (1 + (GROWTH * ageMs) / 1_000 + (ageMs / DOUBLED_MS) ** 3);
  return { refill, capacity: 1 + refill * BURST_MS };
}
