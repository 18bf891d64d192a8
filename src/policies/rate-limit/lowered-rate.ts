import { Tally } from './tally.ts';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/** What may be sent at once, as time. */
const BURST_MS = 100;

/** A measured rate grows by this share a second, and by the cube of the time: it is twice as high after so many ms. */
const GROWTH = 0.005;
const DOUBLED_MS = 6_000;
/** By then it is a thousand times as high, and limits nothing. In ms. */
const FORGOTTEN_MS = 60_000;

/** What is sent, counted, and the rate that was measured from it, if there is one, which grows again. */
export class LoweredRate {
  readonly tally: Tally;
  #bucket: TokenBucket | undefined;
  /** Per ms. */
  #rate = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  /** @param lateMs so late it is told what failed. Default: as soon as it was sent */
  constructor(lateMs?: number) {
    this.tally = new Tally(lateMs);
  }

  get isSet(): boolean {
    return this.#bucket !== undefined;
  }

  /** As it was measured, per ms. */
  get rate(): number {
    return this.#rate;
  }

  /** Epoch ms. */
  get measuredAt(): number {
    return this.#measuredAt;
  }

  /** What it has grown to, per ms. */
  at(now: number): number {
    return this.#shape(now).refill;
  }

  /** Until one more may be sent if so many go before, in ms. */
  waitMs(now: number, ahead: number): number {
    this.#grow(now);
    return this.#bucket?.waitMs(1, now, ahead) ?? 0;
  }

  take(now: number): boolean {
    this.#grow(now);
    if (this.#bucket?.take(1, now) === false) return false;
    this.tally.sent(now);
    return true;
  }

  /** What was taken at `takenAt` was never sent. */
  undo(takenAt: number): void {
    this.tally.undo(takenAt);
    this.#bucket?.give(1);
  }

  /** @param rate per ms */
  set(rate: number, now: number): void {
    this.#rate = rate;
    this.#measuredAt = now;
    this.#bucket = new TokenBucket(this.#shape(now), now);
    this.#bucket.drain(now);
  }

  /** @param measuredAt what was sent before tells nothing of the next rate. Default: as it was */
  lift(measuredAt = this.#measuredAt): void {
    this.#measuredAt = measuredAt;
    this.#bucket = undefined;
  }

  #grow(now: number): void {
    if (now - this.#measuredAt > FORGOTTEN_MS) this.#bucket = undefined;
    this.#bucket?.set(this.#shape(now), now);
  }

  #shape(now: number): BucketShape {
    const ageMs = now - this.#measuredAt;
    const refill = this.#rate * (1 + (GROWTH * ageMs) / 1_000 + (ageMs / DOUBLED_MS) ** 3);
    return { refill, capacity: 1 + refill * BURST_MS };
  }
}
