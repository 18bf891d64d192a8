/** Enough for what is told apart in metrics: models, tiers and error types are few. */
const MAX_KEPT = 1_000;

/** What is made once for each key, and made anew after a thousand others. */
export class Kept<Made> {
  readonly #made = new Map<string, Made>();

  get(key: string, make: () => Made): Made {
    const kept = this.#made.get(key);
    if (kept !== undefined) return kept;
    if (this.#made.size >= MAX_KEPT) this.#made.clear();
    const made = make();
    this.#made.set(key, made);
    return made;
  }
}
