/** What can be in a LiveSet, in one at a time. */
export interface Member {
  /** Where it stands in it; undefined: in none. Its LiveSet's own. */
  place: number | undefined;
}

/**
 * What comes and goes with calls: a Set without an order.
 *
 * A Set of V8 makes itself a new table after every few members that left, and the old table points to the new one and
 * to its own members. Once a table is in the old generation of the heap, it keeps all that were made after it until
 * that generation is collected, and with them whatever was a member of any of them: most calls.
 */
export class LiveSet<T extends Member> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    if (member.place !== undefined) return;
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Whether it was a member. */
  delete(member: T): boolean {
    const { place } = member;
    if (place === undefined) return false;
    member.place = undefined;
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      last.place = place;
      this.#members[place] = last;
    }
    return true;
  }

  /** Those that are members now, whoever leaves meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members][Symbol.iterator]();
  }
}
