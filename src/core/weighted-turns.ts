/**
 * Who is next: each as often as its weight says, evenly mixed (smooth weighted round robin, as nginx
 * does it). Knows its members by position alone.
 */
export class WeightedTurns {
  /** By position: what the turns that others took owe it. */
  readonly #credits: number[] = [];

  /**
   * The next one; undefined if all weigh nothing.
   *
   * @param weights by position, 0 or more; 0: it is passed over
   */
  next(weights: readonly number[]): number | undefined {
    let total = 0;
    let best: number | undefined;
    let most = 0;
    for (const [position, weight] of weights.entries()) {
      if (weight === 0) continue;
      const credit = (this.#credits[position] ?? 0) + weight;
      this.#credits[position] = credit;
      total += weight;
      if (best === undefined || credit > most) [best, most] = [position, credit];
    }
    if (best !== undefined) this.#credits[best] = most - total;
    return best;
  }
}
