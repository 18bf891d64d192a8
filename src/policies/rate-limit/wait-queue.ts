import type { Priority } from './priority.ts';

export interface Queued {
  readonly priority: Priority;
  readonly tokens: number;
}

/** What goes before somebody. */
export interface Ahead {
  readonly requests: number;
  readonly tokens: number;
}

export const NOBODY: Ahead = { requests: 0, tokens: 0 };

/** Those of one priority. */
class Line<T> {
  readonly entries = new Set<T>();
  tokens = 0;
}

/**
 * Those who wait: by priority, and first come, first served within one. Everything takes constant
 * time, also to leave from the middle.
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

  /** Who goes next. */
  get head(): T | undefined {
    return this.#size === 0 ? undefined : this[Symbol.iterator]().next().value;
  }

  /** In the order in which they go. */
  *[Symbol.iterator](): Generator<T> {
    for (const { entries } of this.#lines) yield* entries;
  }

  /** What all who wait need. */
  get total(): Ahead {
    return this.ahead(3);
  }

  /** What somebody of this priority who comes now has ahead. */
  ahead(priority: Priority): Ahead {
    let requests = 0;
    let tokens = 0;
    for (const line of this.#lines) {
      requests += line.entries.size;
      tokens += line.tokens;
      if (line === this.#byPriority[priority]) break;
    }
    return { requests, tokens };
  }

  has(entry: T): boolean {
    return this.#byPriority[entry.priority].entries.has(entry);
  }

  add(entry: T): void {
    this.#byPriority[entry.priority].entries.add(entry);
    this.resized(entry, entry.tokens);
    this.#size += 1;
  }

  delete(entry: T): void {
    if (!this.#byPriority[entry.priority].entries.delete(entry)) return;
    this.resized(entry, -entry.tokens);
    this.#size -= 1;
  }

  /** An entry needs so many tokens more than when it came. */
  resized(entry: T, by: number): void {
    this.#byPriority[entry.priority].tokens += by;
  }
}
