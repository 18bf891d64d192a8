import { DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import type { Headroom } from '../../core/rate-headroom.ts';
import { Doubt } from './doubt.ts';
import { EmptyReports } from './empty-reports.ts';
import { USED_SHARE } from './local-source.ts';
import { TokenBucket } from './token-bucket.ts';

/** The least time over which a refill can be measured, in ms: what remains is a whole number. */
const MEASURED_MS = 1_000;

/** What one measurement counts against those before it. */
const WEIGHT = 0.3;

/** The least refill that is believed, as a share of the full one: there must be news to learn from. */
const LEAST_SHARE = 0.05;

/** With more of the limit the bucket may be full, and its refill cannot be seen. */
const NEARLY_FULL = 0.9;

/** A request that is refused while so much of the limit remains came too soon after others. */
const ENOUGH = 0.1;

/** What had been taken when an attempt was admitted, itself included, and when that was. */
export interface Mark {
  /** Epoch ms. */
  readonly at: number;
  /** Since the start of the process. */
  readonly taken: number;
}

/**
 * The upstream's own bucket, as its headers tell of it. Other clients of the account draw from it
 * too: how fast it refills beside them is measured from one report to the next.
 */
export class ReportedBucket {
  readonly #bucket: TokenBucket;
  readonly #maxHoldMs: number;
  #limit: number;
  /** When something was last heard or let through. Epoch ms. */
  #newsAt: number;
  /** Whether one more would have to wait for longer than limits per minute ask. */
  readonly #doubt: Doubt;
  /** When an attempt was sent against the report, to see whether it holds. Epoch ms. */
  #probeAt = Number.NaN;
  /** One was accepted: of the reset times that make such waits none is believed. */
  #isDisproved = false;
  /** Whether reports that leave nothing are wrong. */
  readonly #empty = new EmptyReports();
  /** Per ms, what others take subtracted. */
  #refill: number;
  /** The report from which the next measurement starts. */
  #last: Mark & { readonly remaining: number };

  /** @param maxHoldMs how long a report is believed that lets nothing through */
  constructor(
    headroom: Headroom,
    sent: Mark,
    taken: number,
    now: number,
    maxHoldMs = Number.POSITIVE_INFINITY,
  ) {
    this.#maxHoldMs = maxHoldMs;
    this.#doubt = new Doubt(maxHoldMs);
    this.#newsAt = now;
    this.#limit = headroom.limit;
    this.#refill = this.#fullRefill(headroom);
    this.#last = { ...sent, remaining: headroom.remaining };
    this.#bucket = new TokenBucket({ refill: this.#refill, capacity: this.#limit }, now);
    this.observe(headroom, sent, taken, now);
  }

  /** Per minute. */
  get limit(): number {
    return this.#limit;
  }

  /** Share of it that is left, 0 to 1. */
  headroom(now: number): number {
    return Math.max(0, Math.min(1, this.#bucket.level(now) / this.#limit));
  }

  take(amount: number, now: number): boolean {
    if (!this.#bucket.take(amount, now)) {
      if (this.#probeInMs(now) > 0) return false;
      if (this.#empty.mayTry) this.#empty.tried();
      else this.#probeAt = now;
      this.#bucket.give(-amount);
    }
    this.#newsAt = now;
    return true;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    const probeInMs = this.#probeInMs(now);
    if (this.#bucket.waitMs(amount, now) > probeInMs) return probeInMs;
    return this.#bucket.waitMs(amount, now, ahead);
  }

  /** How much longer a wait that is not believed is likely to last, in ms. */
  doubtedMs(now: number): number {
    return this.#bucket.waitMs(1, now) === 0 ? 0 : this.#doubt.likelyMs(now);
  }

  #probeInMs(now: number): number {
    if (this.#empty.mayTry) return 0;
    return Math.max(0, this.#newsAt + this.#doubt.probeAfterMs(this.#newsAt) - now);
  }

  /** What was sent at `sentAt` was accepted. */
  accepted(sentAt: number, now: number): void {
    this.#empty.accepted();
    if (sentAt !== this.#probeAt) return;
    this.#probeAt = Number.NaN;
    this.#isDisproved = true;
    this.#refill = this.#limit / MINUTE_MS;
    this.#bucket.set({ refill: USED_SHARE * this.#refill }, now);
  }

  /** Something was refused, for whatever: that nothing is left is to be believed again. */
  turnedAway(now: number): void {
    this.#empty.refused(now);
  }

  /** Whether a refusal of what was sent then was risked. */
  wasTrying(sentAt: number): boolean {
    return this.#empty.wasTrying(sentAt);
  }

  /** Something was refused for the limit: what is reported is to be believed again. */
  refused(): void {
    this.#isDisproved = false;
  }

  give(amount: number): void {
    this.#bucket.give(amount);
  }

  /** Whether enough remains for everybody, as far as is known. */
  isPlentiful(now: number): boolean {
    return this.#bucket.waitMs(0, now, ENOUGH * this.#limit) === 0;
  }

  drain(now: number): void {
    this.#bucket.drain(now);
  }

  /**
   * The upstream counts a request when it comes, whenever its headers arrive here: what was taken
   * since it was sent is not in the report, and neither is what has been refilled since.
   *
   * @param taken since the start of the process
   */
  observe(told: Headroom, sent: Mark, taken: number, now: number): void {
    this.#empty.observe(told.remaining < 1, sent, this.#fullRefill(told), now);
    const headroom = this.#empty.isRefuted ? { ...told, remaining: told.limit } : told;
    this.#limit = headroom.limit;
    this.#newsAt = now;
    // Others like it were found to be wrong.
    if (this.#isDisproved && headroom.remaining < 1 && headroom.resetMs > MINUTE_MS) return;
    this.#measure(headroom, sent);
    const refill = USED_SHARE * this.#refill;
    const level = headroom.remaining - (taken - sent.taken) + refill * (now - sent.at);
    this.#bucket.set({ refill, capacity: this.#limit, level }, now);
    const isSure = this.#maxHoldMs === Number.POSITIVE_INFINITY;
    if (!isSure && this.#bucket.waitMs(1, now) > MINUTE_MS) this.#doubt.raise(now);
    else this.#doubt.settle();
  }

  #measure(headroom: Headroom, sent: Mark): void {
    const full = this.#fullRefill(headroom);
    const { remaining } = headroom;
    this.#refill = Math.min(full, this.#refill);
    if (remaining > NEARLY_FULL * headroom.limit) {
      this.#refill = full;
    } else {
      const elapsed = sent.at - this.#last.at;
      if (elapsed < MEASURED_MS) return;
      const refilled = remaining - this.#last.remaining + (sent.taken - this.#last.taken);
      const measured = Math.min(full, Math.max(LEAST_SHARE * full, refilled / elapsed));
      this.#refill += WEIGHT * (measured - this.#refill);
    }
    this.#last = { at: sent.at, taken: sent.taken, remaining };
  }

  /**
   * Per ms, nobody drawing. Most limits are per minute; where the time to the full bucket tells of a
   * slower refill, the limit is one per day. Slower ones are reported in error only.
   */
  #fullRefill({ limit, remaining, resetMs }: Headroom): number {
    const perMinute = limit / MINUTE_MS;
    const isBelieved = !this.#isDisproved || resetMs <= this.#maxHoldMs;
    if (resetMs === 0 || remaining === limit || !isBelieved) return perMinute;
    return Math.min(perMinute, (limit - remaining) / Math.min(resetMs, DAY_MS));
  }
}
