import { shapeOf } from './local-source.ts';
import type { RateLimit } from './source.ts';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/** What a refusal does to the rate. */
interface Step {
  /** Share of the rate that it costs. */
  readonly cut: number;
  /** Within so many ms after one, another says the same. */
  readonly sameMs: number;
  /** After so long without another the rate is back at the limit. */
  readonly recoveryMs: number;
}

/** Where the limit is known: it was used up, by others too, and is counted over a minute. */
const REPORTED: Step = { cut: 0.05, sameMs: 60_000, recoveryMs: 600_000 };

/** Where it is guessed, and found out by trial: TCP's multiplicative decrease (RFC 9438, 4.6). */
const GUESSED: Step = { cut: 0.3, sameMs: 5_000, recoveryMs: 180_000 };

const LEAST_SHARE = 0.05;

/**
 * A steady rate up to a limit that was learned. It begins when the upstream refuses what it seemed to
 * allow: it counts over less than a minute, others take what it reported, or it reports nothing.
 */
export class Pacing {
  readonly #step: Step;
  readonly #bucket: TokenBucket;
  #limit: RateLimit;
  /** Of the limit, as of `#refusedAt`. */
  #share = 1;
  /** Epoch ms. */
  #refusedAt: number;
  #cutAt = Number.NEGATIVE_INFINITY;

  /** Empty. */
  constructor(limit: RateLimit, origin: 'reported' | 'guessed', now: number) {
    this.#step = origin === 'reported' ? REPORTED : GUESSED;
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
    return now - this.#refusedAt >= this.#step.recoveryMs;
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
    if (isRateTooHigh && sentAt > this.#cutAt + this.#step.sameMs) {
      this.#share = Math.max(LEAST_SHARE, this.#share * (1 - this.#step.cut));
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
    const recovered = Math.min(1, (now - this.#refusedAt) / this.#step.recoveryMs);
    return this.#share + (1 - this.#share) * recovered;
  }
}
