import { LoweredRate } from './lowered-rate.ts';
import { SLICE_MS, sliceAt } from './tally.ts';
import { CERTAIN, evidenceOf, TRIED_MS } from './trial.ts';

/** So many and so large a share refused are no accident: every tenth by chance seldom reaches it. */
const FEW = 4;
const SHARE = 0.15;
/** A rate is measured over so many ms at least, from so many that were taken. */
const MEASURED_MS = 1_000;
const ENOUGH = 8;
/** Refusals that are farther apart are none of the same trouble, in ms. */
const CALM_MS = 3_000;

/** So many within a second of which so large a share was refused are a burst. */
const MANY = 20;
const BURST_SHARE = 0.6;

/** From so many ms behind a lowering on refusals tell what it has brought. */
const SETTLED_MS = 500;

/** Share of the measured rate that is used. */
const USED_SHARE = 0.97;

/** So often it is looked whether an upstream takes anything again that takes nothing, per ms. */
const PROBES = 4 / 1_000;

/**
 * The rate that an upstream takes that refuses more than it reports: over a second where its headers tell of a minute,
 * or where it tells nothing. How much was sent says little of that; how much of it was not refused, while others were,
 * is what it takes. From there the rate grows again, faster and faster, until the next refusals.
 */
export class MeasuredRate {
  readonly #lowered = new LoweredRate();
  /** When the first of the refusals was sent of which none was followed by a calm second, epoch ms. */
  #troubleAt = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Share of what was refused before the rate was lowered last. */
  #share = 1;
  /** That the rate does not matter, from what was sent at the rates before this one; see `evidenceOf`. */
  #evidence = 0;
  /** As many are refused whatever the rate. */
  #isAnyway = false;
  /** None of those was taken of which the rate was measured while the last were under way: it is no rate. */
  #takesNone = false;

  /** As many are refused whatever is sent. */
  get refusesAnyway(): boolean {
    return this.#isAnyway;
  }

  /** Until one more may be sent if so many go before, in ms. */
  waitMs(now: number, ahead = 0): number {
    // Behind a first one that is taken all go: who waits does not wait for each of those before it.
    return this.#lowered.waitMs(now, this.#takesNone ? 0 : ahead);
  }

  take(now: number): boolean {
    return this.#lowered.take(now);
  }

  /** What was taken at `takenAt` was never sent. */
  undo(takenAt: number): void {
    this.#lowered.undo(takenAt);
  }

  /** What was sent at `sentAt` was refused for its rate, and nothing that is reported says why. */
  refused(sentAt: number, now: number): void {
    if (!this.#lowered.tally.failed(sentAt)) return;
    if (sentAt - this.#lastAt > CALM_MS) this.#troubleAt = sentAt;
    this.#lastAt = Math.max(this.#lastAt, sentAt);
    if (this.#isOutage(sliceAt(sentAt))) {
      if (!this.#takesNone) this.#begin(PROBES, 1, now);
      this.#takesNone = true;
      return;
    }
    this.#measureBurst(now);
    if (this.#lowered.isSet && this.#evidenceUntil(sliceAt(sentAt)) > CERTAIN) {
      this.#giveUp(this.#share, now);
      return;
    }
    if (sentAt <= this.#lowered.measuredAt || now - this.#lowered.measuredAt < MEASURED_MS) return;
    this.#measure(sliceAt(sentAt), now);
  }

  /** What was sent at `sentAt` is answered. Where none was taken before, the next may follow as if nothing had been. */
  accepted(sentAt: number): void {
    if (!this.#takesNone || sentAt <= this.#lowered.measuredAt) return;
    this.#takesNone = false;
    this.#share = 1;
    this.#lowered.lift(Number.NEGATIVE_INFINITY);
  }

  /**
   * Nothing was taken of what was sent since the first refusal: what was taken before it, in the same second, is no part of
   * a rate.
   */
  #isOutage(until: number): boolean {
    const { sent, failed: refused } = this.#lowered.tally.count(
      sliceAt(this.#troubleAt) + SLICE_MS,
      until,
    );
    return sent >= ENOUGH && refused === sent;
  }

  /** Of very many at once most were refused: as many as were not may be sent a second. */
  #measureBurst(now: number): void {
    if (this.#isAnyway) return;
    const since = sliceAt(now) - MEASURED_MS;
    const { sent, failed: refused } = this.#lowered.tally.count(since, now);
    if (sent < MANY || refused < BURST_SHARE * sent) return;
    if (refused === sent) {
      this.#takesNone ||= this.#lowered.measuredAt >= since;
      return;
    }
    const rate = (sent - refused) / MEASURED_MS;
    if (this.#lowered.isSet && rate >= this.#lowered.at(now)) return;
    this.#begin(rate, refused / sent, now);
  }

  #measure(until: number, now: number): void {
    if (this.#isAnyway && !this.#isAnother(until)) return;
    // What went before the last lowering is no news.
    const {
      sent,
      failed: refused,
      tookMs,
    } = this.#lowered.tally.count(Math.max(this.#troubleAt, this.#lowered.measuredAt), until);
    const share = refused / sent;
    if (refused < FEW || share < SHARE || tookMs < MEASURED_MS || sent - refused < ENOUGH) return;
    this.#begin((USED_SHARE * (sent - refused)) / tookMs, share, now);
  }

  #begin(rate: number, share: number, now: number): void {
    this.#evidence = !this.#lowered.isSet ? 0 : Math.max(0, this.#evidenceUntil(sliceAt(now)));
    this.#takesNone = false;
    this.#share = share;
    this.#lowered.set(rate, now);
  }

  #giveUp(share: number, now: number): void {
    this.#share = share;
    this.#lowered.lift(now);
    this.#isAnyway = true;
  }

  #evidenceUntil(until: number): number {
    if (this.#takesNone) return 0;
    const from = this.#lowered.measuredAt + SETTLED_MS;
    const all = this.#lowered.tally.count(from, until);
    // Who waits because the upstream asks for it sends less than the rate that has grown meanwhile.
    const isLower = all.sent <= this.#lowered.rate * all.tookMs;
    const tried = isLower ? all : this.#lowered.tally.count(from, Math.min(until, from + TRIED_MS));
    return this.#evidence + evidenceOf(tried, this.#share);
  }

  /** Whether clearly more or fewer are refused than when the rate was found not to matter. */
  #isAnother(until: number): boolean {
    const { sent, failed: refused } = this.#lowered.tally.count(0, until);
    const share = refused / sent;
    if (sent < MANY || (share > this.#share / 4 && share < (1 + this.#share) / 2)) return false;
    this.#isAnyway = false;
    this.#share = 1;
    return true;
  }
}
