import { MINUTE_MS } from '../../core/clock.ts';
import { shapeOf, USED_SHARE } from '../../policies/rate-limit/local-source.ts';
import type { RateLimit } from '../../policies/rate-limit/source.ts';
import type { BucketShape } from '../../policies/rate-limit/token-bucket.ts';

/** What the common bucket of a limit per minute holds at most, as time. */
const BURST_MS = 1_000;

/** What a sidecar draws ahead of its own use, as time: so much, and more if the server is slow. */
const SLICE_MS = 500;
const ROUND_TRIPS = 3;

/**
 * What a sidecar may use before it has drawn it, all sidecars together, as time: from idle nobody waits
 * for the server.
 */
export const CREDIT_MS = 250;

/**
 * Slower servers, in ms there and back, are of no use: what is drawn ahead for them would be a burst. The
 * sidecar goes on with its share of the limit.
 */
export const SLOW_MS = 500;

/**
 * The common bucket. In any minute no more is used than came in, was in the bucket, was drawn ahead, and
 * was used on credit: 0.97 * (60 + 1 + 0.5 + 0.25) / 60 of the limit. The more is drawn ahead, the less
 * comes in.
 */
export function sharedShape(limit: RateLimit, sliceMs = SLICE_MS): BucketShape {
  if (limit.subject === 'requests per day') return shapeOf(limit);
  const usual = MINUTE_MS + BURST_MS + SLICE_MS + CREDIT_MS;
  const share = USED_SHARE * (usual / (usual + sliceMs - SLICE_MS));
  const refill = (share * limit.limit) / MINUTE_MS;
  return { refill, capacity: 1 + refill * BURST_MS };
}

/** For how long what is drawn ahead shall last, in ms: while more is asked for, and a bit. */
export function sliceMsFor(roundTripMs: number): number {
  return Math.max(SLICE_MS, ROUND_TRIPS * Math.min(roundTripMs, SLOW_MS));
}
