/** In which a peak falls to half, in ms. */
const HALF_LIFE_MS = 10_000;

/**
 * The most that ran at once lately: what an upstream that refuses at once leaves running says nothing
 * of how much it took.
 */
export class Peak {
  #value = 0;
  /** Epoch ms. */
  #since = 0;

  add(running: number, now: number): void {
    if (running < this.at(now)) return;
    this.#value = running;
    this.#since = now;
  }

  at(now: number): number {
    return this.#value * 0.5 ** ((now - this.#since) / HALF_LIFE_MS);
  }
}
