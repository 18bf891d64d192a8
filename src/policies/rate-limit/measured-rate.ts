import { TokenBucket } from './token-bucket.ts';

/** What was sent is counted by slices of so many ms, over the last so many in which anything was. */
const SLICE_MS = 250;
const SLICES = 16;

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

/** Share of the measured rate that is used, and what may be sent at once, as time. */
const USED_SHARE = 0.97;
const BURST_MS = 100;

/** So often it is looked whether an upstream takes anything again that takes nothing, per ms. */
const PROBES = 4 / 1_000;

/** The rate grows by this share a second, and by the cube of the time: it is twice as high after so many ms. */
const GROWTH = 0.005;
const DOUBLED_MS = 6_000;
/** By then it is a thousand times as high, and limits nothing. In ms. */
const FORGOTTEN_MS = 60_000;

/** So often in a row as large a share is refused of what is less than this share of before: then it is not the rate. */
const FRUITLESS = 2;
const ALIKE = 0.9;

interface Slice {
  /** Its beginning, epoch ms. */
  readonly at: number;
  sent: number;
  refused: number;
}

/**
 * The rate that an upstream takes that refuses more than it reports: over a second where its headers tell of a minute,
 * or where it tells nothing. How much was sent says little of that; how much of it was not refused, while others were,
 * is what it takes. From there the rate grows again, faster and faster, until the next refusals.
 */
export class MeasuredRate {
  readonly #slices: Slice[] = [];
  #bucket: TokenBucket | undefined;
  /** Per ms, when it was measured, epoch ms. */
  #rate = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** When the first of the refusals was sent of which none was followed by a calm second, epoch ms. */
  #troubleAt = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** Share of what was refused before the rate was lowered last. */
  #share = 1;
  #fruitless = 0;
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
    this.#grow(now);
    // Behind a first one that is taken all go: who waits does not wait for each of those before it.
    return this.#bucket?.waitMs(1, now, this.#takesNone ? 0 : ahead) ?? 0;
  }

  take(now: number): boolean {
    this.#grow(now);
    if (this.#bucket?.take(1, now) === false) return false;
    this.#sliceOf(now).sent += 1;
    return true;
  }

  /** What was taken at `takenAt` was never sent. */
  undo(takenAt: number): void {
    const slice = this.#slices.find(({ at }) => at === sliceAt(takenAt));
    if (slice !== undefined) slice.sent -= 1;
    this.#bucket?.give(1);
  }

  /** What was sent at `sentAt` was refused for its rate, and nothing that is reported says why. */
  refused(sentAt: number, now: number): void {
    const slice = this.#slices.find(({ at }) => at === sliceAt(sentAt));
    if (slice === undefined) return;
    slice.refused += 1;
    if (sentAt - this.#lastAt > CALM_MS) this.#troubleAt = sentAt;
    this.#lastAt = Math.max(this.#lastAt, sentAt);
    if (this.#isOutage(sliceAt(sentAt))) {
      if (!this.#takesNone) this.#begin(PROBES, 1, now);
      this.#takesNone = true;
      return;
    }
    this.#measureBurst(now);
    if (sentAt <= this.#measuredAt || now - this.#measuredAt < MEASURED_MS) return;
    this.#measure(sliceAt(sentAt), now);
  }

  /** What was sent at `sentAt` is answered. Where none was taken before, the next may follow as if nothing had been. */
  accepted(sentAt: number): void {
    if (!this.#takesNone || sentAt <= this.#measuredAt) return;
    this.#takesNone = false;
    this.#share = 1;
    this.#measuredAt = Number.NEGATIVE_INFINITY;
    this.#rate = 0;
    this.#bucket = undefined;
  }

  /**
   * Nothing was taken of what was sent since the first refusal: what was taken before it, in the same second, is no part of
   * a rate.
   */
  #isOutage(until: number): boolean {
    const { sent, refused } = this.#count(sliceAt(this.#troubleAt) + SLICE_MS, until);
    return sent >= ENOUGH && refused === sent;
  }

  /** Of very many at once most were refused: as many as were not may be sent a second. */
  #measureBurst(now: number): void {
    if (this.#isAnyway) return;
    const since = sliceAt(now) - MEASURED_MS;
    const { sent, refused } = this.#count(since, now);
    if (sent < MANY || refused < BURST_SHARE * sent) return;
    if (refused === sent) {
      this.#takesNone ||= this.#measuredAt >= since;
      return;
    }
    const rate = (sent - refused) / MEASURED_MS;
    if (this.#bucket !== undefined && rate >= this.#shape(now).refill) return;
    this.#begin(rate, refused / sent, now);
  }

  #measure(until: number, now: number): void {
    if (this.#isAnyway && !this.#isAnother(until)) return;
    // What went before the last lowering is no news.
    const { sent, refused, tookMs } = this.#count(
      Math.max(this.#troubleAt, this.#measuredAt),
      until,
    );
    const share = refused / sent;
    if (refused < FEW || share < SHARE || tookMs < MEASURED_MS || sent - refused < ENOUGH) return;
    const rate = (USED_SHARE * (sent - refused)) / tookMs;
    const isFruitless = share > this.#share / 2 && rate < ALIKE * this.#rate;
    this.#fruitless = isFruitless ? this.#fruitless + 1 : 0;
    if (this.#fruitless >= FRUITLESS) {
      this.#giveUp(share, now);
      return;
    }
    this.#begin(rate, share, now);
  }

  #begin(rate: number, share: number, now: number): void {
    this.#takesNone = false;
    this.#share = share;
    this.#measuredAt = now;
    this.#rate = rate;
    this.#bucket = new TokenBucket(this.#shape(now), now);
    this.#bucket.drain(now);
  }

  #giveUp(share: number, now: number): void {
    this.#share = share;
    this.#measuredAt = now;
    this.#rate = 0;
    this.#fruitless = 0;
    this.#bucket = undefined;
    this.#isAnyway = true;
  }

  /** Whether clearly more or fewer are refused than when the rate was found not to matter. */
  #isAnother(until: number): boolean {
    const { sent, refused } = this.#count(0, until);
    const share = refused / sent;
    if (sent < MANY || (share > this.#share / 4 && share < (1 + this.#share) / 2)) return false;
    this.#isAnyway = false;
    this.#share = 1;
    return true;
  }

  #count(from: number, until: number): { sent: number; refused: number; tookMs: number } {
    let first = until;
    let sent = 0;
    let refused = 0;
    for (const slice of this.#slices) {
      if (slice.at < from || slice.at >= until) continue;
      first = Math.min(first, slice.at);
      sent += slice.sent;
      refused += slice.refused;
    }
    return { sent, refused, tookMs: until - first };
  }

  #grow(now: number): void {
    if (now - this.#measuredAt > FORGOTTEN_MS) this.#bucket = undefined;
    this.#bucket?.set(this.#shape(now), now);
  }

  #shape(now: number): { readonly refill: number; readonly capacity: number } {
    const age = now - this.#measuredAt;
    const refill = this.#rate * (1 + (GROWTH * age) / 1_000 + (age / DOUBLED_MS) ** 3);
    return { refill, capacity: 1 + refill * BURST_MS };
  }

  #sliceOf(now: number): Slice {
    const at = sliceAt(now);
    const last = this.#slices.at(-1);
    if (last?.at === at) return last;
    const slice = { at, sent: 0, refused: 0 };
    this.#slices.push(slice);
    if (this.#slices.length > SLICES) this.#slices.shift();
    return slice;
  }
}

const sliceAt = (ms: number): number => Math.floor(ms / SLICE_MS) * SLICE_MS;
