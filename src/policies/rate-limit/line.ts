import type { Ahead } from './ahead.ts';

/** Those of one owner, as they came. */
interface Share<T> {
  readonly entries: Set<T>;
  tokens: number;
}

/** Those of one priority: their owners go by turns, whoever has many waiting. */
export class Line<T extends { readonly owner: string; readonly tokens: number }> {
  /** Whose turn is next is first. */
  readonly #shares = new Map<string, Share<T>>();
  #size = 0;
  /** Who goes before the others although it is not its turn. */
  #first: Share<T> | undefined;
  #tokens = 0;

  get size(): number {
    return this.#size;
  }

  get owners(): number {
    return this.#shares.size;
  }

  get tokens(): number {
    return this.#tokens;
  }

  sizeOf(owner: string): number {
    return this.#shares.get(owner)?.entries.size ?? 0;
  }

  /** In the order in which they go; who is served meanwhile moves behind the others. */
  *[Symbol.iterator](): Generator<T> {
    const places = new Map<Share<T>, SetIterator<T>>();
    const first = this.#first?.entries.values().next().value;
    this.#first = undefined;
    if (first !== undefined) yield first;
    for (let isMore = true; isMore; ) {
      isMore = false;
      for (const share of this.#shares.values()) {
        const place = places.get(share) ?? share.entries.values();
        places.set(share, place);
        const { value, done } = place.next();
        if (done === true) continue;
        isMore = true;
        yield value;
      }
    }
  }

  /** The next is of the owner of whom fewest are counted, of several the one whose turn it is. */
  prefer(counts: ReadonlyMap<string, number>): void {
    let fewest = Number.POSITIVE_INFINITY;
    for (const [owner, share] of this.#shares) {
      const count = counts.get(owner) ?? 0;
      if (count >= fewest) continue;
      fewest = count;
      this.#first = share;
    }
  }

  /** What the next of an owner has ahead. */
  ahead(owner: string): Ahead {
    const own = this.#shares.get(owner);
    let requests = own?.entries.size ?? 0;
    let tokens = own?.tokens ?? 0;
    // The others have had as many turns by then, and one more if theirs comes before this owner's.
    const turns = requests;
    let isBefore = true;
    for (const share of this.#shares.values()) {
      if (share === own) {
        isBefore = false;
        continue;
      }
      const { size } = share.entries;
      const before = Math.min(size, isBefore ? turns + 1 : turns);
      requests += before;
      tokens += (share.tokens * before) / size;
    }
    return { requests, tokens };
  }

  /** The last of the owner who has most; undefined if nobody has more than so many. */
  lastOfMost(least: number): T | undefined {
    let most: Share<T> | undefined;
    for (const share of this.#shares.values()) {
      if (share.entries.size > (most?.entries.size ?? least)) most = share;
    }
    return most === undefined ? undefined : [...most.entries].at(-1);
  }

  has(entry: T): boolean {
    return this.#shares.get(entry.owner)?.entries.has(entry) === true;
  }

  add(entry: T): void {
    let share = this.#shares.get(entry.owner);
    if (share === undefined) {
      share = { entries: new Set(), tokens: 0 };
      this.#shares.set(entry.owner, share);
    }
    share.entries.add(entry);
    this.#size += 1;
    this.resized(entry, entry.tokens);
  }

  /** Whether it was there. */
  delete(entry: T): boolean {
    const share = this.#shares.get(entry.owner);
    if (share?.entries.delete(entry) !== true) return false;
    this.#size -= 1;
    this.resized(entry, -entry.tokens);
    if (share.entries.size === 0) this.#shares.delete(entry.owner);
    return true;
  }

  /** The owner has had a turn. */
  turn(owner: string): void {
    const share = this.#shares.get(owner);
    if (share === undefined) return;
    this.#shares.delete(owner);
    this.#shares.set(owner, share);
  }

  resized({ owner }: T, by: number): void {
    const share = this.#shares.get(owner);
    if (share !== undefined) share.tokens += by;
    this.#tokens += by;
  }
}
