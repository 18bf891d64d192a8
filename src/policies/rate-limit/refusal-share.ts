import { MovingAverage } from './moving-average.ts';

/** Among so many of the last outcomes or fewer, every refusal is news. */
const FEW = 5;

/** Share of refusals from which they are no accident. Far above what random ones reach. */
const SHARE = 0.3;
const WEIGHT = 0.05;

/** What ended longer ago says nothing of now, in ms. */
const MEMORY_MS = 10_000;

/**
 * Tells a stray refusal from a rate that is too high. A stray one is waited out by the attempt that met
 * it; were the whole target held up for it, an upstream that refuses one request in twenty for reasons
 * of its own would come to a standstill.
 */
export class RefusalShare {
  #share = new MovingAverage(WEIGHT, 0);
  #outcomes = 0;
  /** Epoch ms. */
  #lastAt = Number.NEGATIVE_INFINITY;

  /** An attempt ended, refused for its rate or not. */
  ended(refused: boolean, now: number): void {
    if (now - this.#lastAt > MEMORY_MS) {
      this.#share = new MovingAverage(WEIGHT, 0);
      this.#outcomes = 0;
    }
    this.#lastAt = now;
    this.#outcomes += 1;
    this.#share.add(refused ? 1 : 0);
  }

  /** Nearly all others were taken lately. */
  get isStray(): boolean {
    return this.#outcomes > FEW && this.#share.value < SHARE;
  }
}
