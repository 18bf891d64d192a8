import type { Headroom } from '../../core/rate-headroom.ts';
import { Pacing } from './pacing.ts';
import { type Mark, ReportedBucket } from './reported-bucket.ts';
import type { RateSource, RateSubject } from './source.ts';

/** A configured limit, and where it is drawn from. */
export interface Configured {
  readonly limit: number;
  readonly source: RateSource;
}

/**
 * One of a target's limits: what is configured, what the upstream reports, and what its refusals
 * teach of that. An attempt must have its share of each. Of an upstream that reports nothing no rate is
 * guessed: how much was sent when it refused says little of what it takes.
 */
export class Quota {
  readonly subject: RateSubject;
  /** As configured; Infinity if it is not. */
  #limit: number;
  #source: RateSource | undefined;
  readonly #maxHoldMs: number;
  #reported: ReportedBucket | undefined;
  /** Epoch ms of the first report. */
  #learnedAt = Number.POSITIVE_INFINITY;
  #pacing: Pacing | undefined;
  #taken = 0;

  /**
   * @param configured the limit, and where it is drawn from; absent if none is configured
   * @param maxHoldMs the longest wait that is believed of a report
   */
  constructor(subject: RateSubject, configured?: Configured, maxHoldMs = Number.POSITIVE_INFINITY) {
    this.subject = subject;
    this.#maxHoldMs = maxHoldMs;
    this.#limit = configured?.limit ?? Number.POSITIVE_INFINITY;
    this.#source = configured?.source;
  }

  /** Another limit is configured, or none. */
  configure(configured: Configured | undefined): void {
    this.#limit = configured?.limit ?? Number.POSITIVE_INFINITY;
    this.#source = configured?.source;
  }

  get isLimited(): boolean {
    return this.#source !== undefined || this.#reported !== undefined;
  }

  /** The tightest that is known, over its own time; Infinity if none is. */
  get limit(): number {
    return Math.min(this.#limit, this.#reported?.limit ?? Number.POSITIVE_INFINITY);
  }

  /** Whether the upstream reports that enough is left, or nothing. */
  isPlentiful(now: number): boolean {
    return this.#reported?.isPlentiful(now) ?? true;
  }

  /** Share of what the upstream grants that is left, 0 to 1; 1 if it does not tell. */
  headroom(now: number): number {
    return this.#reported?.headroom(now) ?? 1;
  }

  /** The most that may be taken now. */
  left(now: number): number {
    let least = 0;
    // Above the safe integers a step of one goes nowhere.
    let most = Number.isFinite(this.limit)
      ? Math.min(Math.floor(this.limit), Number.MAX_SAFE_INTEGER)
      : 0;
    // Sources tell whether an amount is there, not how much is.
    while (least < most) {
      const middle = least + Math.ceil((most - least) / 2);
      if (this.waitMs(middle, now) === 0) least = middle;
      else most = middle - 1;
    }
    return least;
  }

  /** Until all of the limit is there again, if nothing more is taken, in ms. */
  fullMs(now: number): number {
    return Number.isFinite(this.limit) ? this.waitMs(this.limit, now) : 0;
  }

  /** Since the start of the process. */
  get taken(): number {
    return this.#taken;
  }

  take(amount: number, now: number): boolean {
    if (this.#source?.take(amount, now) === false) return false;
    if (this.#reported?.take(amount, now) === false) {
      this.#source?.give(amount, now);
      return false;
    }
    if (this.#pacing?.take(amount, now) === false) {
      this.#source?.give(amount, now);
      this.#reported?.give(amount);
      return false;
    }
    this.#taken += amount;
    return true;
  }

  /** @param aheadHere what of `ahead` draws on the same report; the configured limit is everybody's */
  waitMs(amount: number, now: number, ahead = 0, aheadHere = ahead): number {
    return Math.max(
      this.#source?.waitMs(amount, now, ahead) ?? 0,
      this.#reported?.waitMs(amount, now, aheadHere) ?? 0,
      this.#pacing?.waitMs(amount, now, aheadHere) ?? 0,
    );
  }

  /** How long `amount` waits for what the upstream reports, in ms. */
  heldMs(amount: number, now: number): number {
    return this.#reported?.waitMs(amount, now) ?? 0;
  }

  /** How long what the upstream reports, and nobody believes, is likely to hold, in ms. */
  doubtedMs(now: number): number {
    return this.#reported?.doubtedMs(now) ?? 0;
  }

  /** The upstream answers what was sent at `sentAt`. */
  accepted(sentAt: number, now: number): void {
    this.#reported?.accepted(sentAt, now);
  }

  /** What was taken at `takenAt` has never reached the upstream. */
  undo(amount: number, takenAt: number): void {
    this.#taken -= amount;
    this.#reported?.give(amount);
    this.correct(amount, takenAt);
  }

  /**
   * So much less was used than was taken; below 0: more. What the upstream counted is its own affair,
   * its next report tells.
   */
  correct(unused: number, takenAt: number): void {
    this.#source?.give(unused, takenAt);
    this.#pacing?.give(unused);
  }

  /** The upstream reports what remains. @param sent when the reporting attempt was admitted */
  reported(headroom: Headroom, sent: Mark, now: number): void {
    if (this.#reported === undefined) {
      this.#reported = new ReportedBucket(headroom, sent, this.#taken, now, this.#maxHoldMs);
      this.#learnedAt = now;
    } else {
      this.#reported.observe(headroom, sent, this.#taken, now);
    }
    this.#pacing?.follow(headroom.limit, now);
    if (this.#pacing?.isOver(now)) this.#pacing = undefined;
  }

  /** An attempt ended. @param isRefused for whatever limit */
  ended(isRefused: boolean, now: number): void {
    if (isRefused) this.#reported?.turnedAway(now);
  }

  /** The upstream refused an attempt for its rate. */
  refused(sent: Mark, now: number): void {
    const reported = this.#reported;
    if (reported === undefined) return;
    reported.refused();
    const isUsedUp = !reported.isPlentiful(now);
    if (isUsedUp) reported.drain(now);
    const { limit } = reported;
    // The rate was exceeded to see whether there is one.
    if (reported.wasTrying(sent.at)) return;
    // Sent before anything was known; or a configured limit is the tighter one, and not ours to lower.
    if (sent.at < this.#learnedAt || limit >= this.#limit) return;
    this.#pacing ??= new Pacing({ subject: this.subject, limit }, now);
    this.#pacing.refused(isUsedUp, sent.at, now);
  }
}
