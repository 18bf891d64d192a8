import { MovingAverage } from './moving-average.ts';

/** What was sent more than so many ms apart is not compared. */
const MEMORY_MS = 4_000;
/** Of the latest in the share of those that were taken while as many ran as when one was refused. */
const WEIGHT = 0.1;
/** Of that share; where it is smaller, the number is what was refused. */
const FEW = 0.1;
/** Of the number; what runs while fewer do tells nothing. */
const NEAR = 0.8;

/**
 * Tells a limit on how many run at once from one on the rate: where it is the number, none is taken while as many run
 * as when another was refused; where it is the rate, about every second is.
 */
export class RefusedNumbers {
  /** Share of those taken while as many ran as when one was refused lately. */
  #share = new MovingAverage(WEIGHT, 0.5);
  /** The least that ran when one was refused, and when that was, epoch ms. */
  #least = Number.POSITIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** The most that ran when one was taken, and when that was. */
  #most = 0;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** @param running attempts when it was sent, itself included @param sentAt epoch ms */
  refused(running: number, sentAt: number): void {
    // Refusals of a rate that falls come while fewer run.
    if (sentAt - this.#takenAt < MEMORY_MS && running < NEAR * this.#most) this.#share.add(1);
    if (sentAt - this.#refusedAt > MEMORY_MS || running <= this.#least) {
      this.#least = running;
      this.#refusedAt = sentAt;
    }
  }

  /** As `refused`. */
  accepted(running: number, sentAt: number): void {
    if (sentAt - this.#takenAt > MEMORY_MS || running >= this.#most) {
      this.#most = running;
      this.#takenAt = sentAt;
    }
    if (sentAt < this.#refusedAt || sentAt - this.#refusedAt > MEMORY_MS) return;
    if (running < NEAR * this.#least) return;
    this.#share.add(running >= this.#least ? 1 : 0);
  }

  /** It refuses for how many run at once. */
  get areTheCause(): boolean {
    return this.#share.value < FEW;
  }
}
