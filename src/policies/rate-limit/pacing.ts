import { shapeOf } from './local-source.ts';
import type { RateLimit } from './source.ts';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/** Share of the rate that a refusal costs. */
const CUT = 0.05;

/** Within so many ms after one, another says the same: limits are counted over a minute. */
const SAME_MS = 60_000;

/** After so many ms without another the rate is back at the limit. */
const RECOVERY_MS = 600_000;

const LEAST_SHARE = 0.05;

/**
 * A steady rate up to a limit that was reported. It begins when the upstream refuses what it seemed to
 * allow: it counts over less than a minute, or others take what it reported.
 */
export class Pacing {
  readonly #bucket: TokenBucket;
  #limit: RateLimit;
  /** Of the limit, as of `#refusedAt`. */
  #share = 1;
  /** Epoch ms. */
  #refusedAt: number;
  #cutAt = Number.NEGATIVE_INFINITY;

  /** Empty. */
  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#refusedAt = now;
    this.#bucket = new TokenBucket(this.#shape(now), now);
    this.#bucket.drain(now);
  }

  take(amount: number, now: number): boolean {
    return this.#bucket.take(amount, now);
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    return this.#bucket.waitMs(amount, now, ahead);
  }

  give(amount: number): void {
    this.#bucket.give(amount);
  }

  /** The rate has recovered, and bursts may be allowed again. */
  isOver(now: number): boolean {
    return now - this.#refusedAt >= RECOVERY_MS;
  }

  /** The rate recovers, on its way to a limit that may have been raised. */
  follow(limit: number, now: number): void {
    this.#limit = { ...this.#limit, limit };
    this.#bucket.set(this.#shape(now), now);
  }

  /** @param isRateTooHigh rather than a burst @param sentAt when the refused attempt was, epoch ms */
  refused(isRateTooHigh: boolean, sentAt: number, now: number): void {
    this.#share = this.#shareAt(now);
    this.#refusedAt = now;
    if (isRateTooHigh && sentAt > this.#cutAt + SAME_MS) {
      this.#share = Math.max(LEAST_SHARE, this.#share * (1 - CUT));
      this.#cutAt = now;
    }
    this.#bucket.set(this.#shape(now), now);
    this.#bucket.drain(now);
  }

  #shape(now: number): BucketShape {
    const { subject, limit } = this.#limit;
    return shapeOf({ subject, limit: limit * this.#shareAt(now) });
  }

  #shareAt(now: number): number {
    const recovered = Math.min(1, (now - this.#refusedAt) / RECOVERY_MS);
    return this.#share + (1 - this.#share) * recovered;
  }
}
