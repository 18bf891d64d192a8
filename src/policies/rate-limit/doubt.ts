/** A wait that nobody believes is tried after so many ms, and then after this share of the time for which it was confirmed. */
const FIRST_MS = 1_000;
const SHARE = 0.25;

/** That the upstream asks for a longer wait than is believed, and since when. */
export class Doubt {
  readonly #maxHoldMs: number;
  /** Epoch ms; undefined: it does not. */
  #since: number | undefined;

  /** @param maxHoldMs the longest wait that is believed, above 0 */
  constructor(maxHoldMs: number) {
    this.#maxHoldMs = maxHoldMs;
  }

  get isRaised(): boolean {
    return this.#since !== undefined;
  }

  raise(now: number): void {
    this.#since ??= now;
  }

  settle(): void {
    this.#since = undefined;
  }

  /** For how long it has, in ms. */
  lastedMs(now: number): number {
    return now - (this.#since ?? now);
  }

  /** How much longer the wait is likely to last, in ms: as long as it has, at most `maxHoldMs`. Without a doubt 0. */
  likelyMs(now: number): number {
    return Math.min(this.lastedMs(now), this.#maxHoldMs);
  }

  /**
   * How long after `seenAt` another attempt sees whether the wait was meant, in ms. Without a doubt `maxHoldMs`.
   *
   * @param seenAt when it was confirmed last, epoch ms
   */
  probeAfterMs(seenAt: number): number {
    if (this.#since === undefined) return this.#maxHoldMs;
    return Math.min(Math.max(FIRST_MS, SHARE * (seenAt - this.#since)), this.#maxHoldMs);
  }
}
