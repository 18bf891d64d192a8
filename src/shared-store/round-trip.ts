/** How fast the estimate follows round trips that are longer, and shorter, than it. */
const RISE = 0.5;
const FALL = 0.1;

/** How long the server takes to answer, as it seems. Follows a slow one soon, and forgets it slowly. */
export class RoundTrip {
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  measured(ms: number): void {
    this.#ms += (ms > this.#ms ? RISE : FALL) * (ms - this.#ms);
  }
}
