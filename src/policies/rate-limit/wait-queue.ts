import { type Ahead, NOBODY } from './ahead.ts';
import { Line } from './line.ts';
import type { Priority } from './priority.ts';

export interface Queued {
  readonly priority: Priority;
  /** Those with the same name share their turns. */
  readonly owner: string;
  readonly tokens: number;
}

/**
 * Those who wait: by priority, within one by turns of their owners, and first come, first served within an owner.
 * Everything takes constant time, also to leave from the middle, but what is asked for an owner.
 */
export class WaitQueue<T extends Queued> {
  readonly #byPriority: Readonly<Record<Priority, Line<T>>>;
  /** First the one that goes first. */
  readonly #lines: readonly Line<T>[];
  #size = 0;

  constructor() {
    this.#byPriority = { 0: new Line(), 1: new Line(), 2: new Line(), 3: new Line() };
    this.#lines = [
      this.#byPriority[0],
      this.#byPriority[1],
      this.#byPriority[2],
      this.#byPriority[3],
    ];
  }

  get size(): number {
    return this.#size;
  }

  /** Whether those of several owners wait with the same priority. */
  get hasOwners(): boolean {
    return this.#lines.some(({ owners }) => owners > 1);
  }

  /** Within each priority the next is of the owner of whom fewest are counted. */
  prefer(counts: ReadonlyMap<string, number>): void {
    for (const line of this.#lines) line.prefer(counts);
  }

  /** In the order in which they go. */
  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#lines) if (line.size > 0) yield* line;
  }

  /** What all who wait need. */
  get total(): Ahead {
    let tokens = 0;
    for (const line of this.#lines) tokens += line.tokens;
    return { requests: this.#size, tokens };
  }

  /** Whether nobody waits whom somebody of this priority would have to let go first. */
  isFree(priority: Priority): boolean {
    if (this.#size === 0) return true;
    for (const line of this.#lines) {
      if (line.size > 0) return false;
      if (line === this.#byPriority[priority]) break;
    }
    return true;
  }

  /** What an owner's next with this priority has ahead. Of tokens an estimate. */
  ahead(priority: Priority, owner: string): Ahead {
    if (this.#size === 0) return NOBODY;
    let requests = 0;
    let tokens = 0;
    for (const line of this.#lines) {
      const isOwn = line === this.#byPriority[priority];
      if (line.size > 0) {
        const before = isOwn ? line.ahead(owner) : { requests: line.size, tokens: line.tokens };
        requests += before.requests;
        tokens += before.tokens;
      }
      if (isOwn) break;
    }
    return { requests, tokens };
  }

  /**
   * Who leaves so that an owner's next may come: the last of those who have most waiting, of a lower priority
   * rather than of the same. Undefined: nobody has more than this owner would have.
   */
  lastOfMost(priority: Priority, owner: string): T | undefined {
    for (const line of this.#lines.toReversed()) {
      const isOwn = line === this.#byPriority[priority];
      const last = line.lastOfMost(isOwn ? line.sizeOf(owner) + 1 : 0);
      if (isOwn || last !== undefined) return last;
    }
    return undefined;
  }

  has(entry: T): boolean {
    return this.#byPriority[entry.priority].has(entry);
  }

  add(entry: T): void {
    this.#byPriority[entry.priority].add(entry);
    this.#size += 1;
  }

  /** It has had its turn. */
  served(entry: T): void {
    this.delete(entry);
    this.#byPriority[entry.priority].turn(entry.owner);
  }

  /** It leaves without a turn. */
  delete(entry: T): void {
    if (this.#byPriority[entry.priority].delete(entry)) this.#size -= 1;
  }

  /** An entry that waits needs so many tokens more than when it came. */
  resized(entry: T, by: number): void {
    this.#byPriority[entry.priority].resized(entry, by);
  }
}
