/** Over which the rate is averaged, in ms. */
const AVERAGE_MS = 5_000;

/** The shortest time over which it is measured, in ms. */
const SAMPLE_MS = 100;

/** How fast something is used up. */
export class RateMeter {
  #perMs = 0;
  /** Used since `#at`. */
  #used = 0;
  /** Epoch ms. */
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  add(amount: number): void {
    this.#used += amount;
  }

  /** @returns per ms */
  at(now: number): number {
    const elapsed = now - this.#at;
    if (elapsed >= SAMPLE_MS) {
      const weight = 1 - Math.exp(-elapsed / AVERAGE_MS);
      this.#perMs += weight * (this.#used / elapsed - this.#perMs);
      this.#used = 0;
      this.#at = now;
    }
    return this.#perMs;
  }
}
