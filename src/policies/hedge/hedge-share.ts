/** Attempts whose shares are saved up: after a quiet time so many of them may go into one rush. */
const WINDOW = 200;

/** Sums of shares are not exact. */
const EXACT_ENOUGH = 1e-9;

/**
 * Second attempts that may be made, over all calls: a bucket into which each attempt puts a share of one.
 * When everything becomes slow every call wants one, and the upstreams are sent that share more.
 */
export class HedgeShare {
  readonly #maxShare: number;
  readonly #capacity: number;
  #level = 0;

  /** @param maxShare above 0, at most 1 */
  constructor(maxShare: number) {
    this.#maxShare = maxShare;
    this.#capacity = Math.max(1, maxShare * WINDOW);
  }

  /** An attempt was made that may want a second one beside it. */
  deposit(): void {
    this.#level = Math.min(this.#capacity, this.#level + this.#maxShare);
  }

  /** Takes one second attempt; false if there is none. */
  withdraw(): boolean {
    if (this.#level < 1 - EXACT_ENOUGH) return false;
    this.#level -= 1;
    return true;
  }

  /** It was not made after all. */
  giveBack(): void {
    this.#level = Math.min(this.#capacity, this.#level + 1);
  }
}
