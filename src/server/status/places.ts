/** Watches at once, of the status and of health: a change is written to each of them in one turn. */
export const MAX_WATCHES = 1_000;

/**
 * Places, of which some are always left to others: an owner may have as many as are free. Alone it gets half of them,
 * beside another a third, beside a hundred each gets a hundredth.
 */
export class Places {
  readonly #max: number;
  readonly #ofOwner = new Map<object, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes one. Returns what leaves it, to be called once; undefined: there is none for this owner. */
  enter(owner: object): (() => void) | undefined {
    if (this.#of(owner) >= this.#max - this.#taken) return undefined;
    this.#count(owner, 1);
    return () => this.#count(owner, -1);
  }

  #of(owner: object): number {
    return this.#ofOwner.get(owner) ?? 0;
  }

  #count(owner: object, by: 1 | -1): void {
    const own = this.#of(owner) + by;
    this.#taken += by;
    if (own === 0) this.#ofOwner.delete(owner);
    else this.#ofOwner.set(owner, own);
  }
}
