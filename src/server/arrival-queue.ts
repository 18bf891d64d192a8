/** Calls that are begun before other work of the process gets its turn. */
const PER_TURN = 64;

interface Waiting {
  readonly begins: (() => void)[];
  /** Index of the one that is begun next. */
  next: number;
}

/**
 * Begins calls a little after they have arrived, some of each connection in turn. What a connection
 * cancels in one breath with its calls is known by then, and one that brings thousands of calls
 * does not keep those of others waiting.
 */
export class ArrivalQueue {
  /** By connection; the one whose turn it is comes first. */
  readonly #waiting = new Map<unknown, Waiting>();
  #scheduled = false;

  /**
   * @param connection whatever tells connections apart
   * @param begin must not throw
   */
  add(connection: unknown, begin: () => void): void {
    const waiting = this.#waiting.get(connection);
    if (waiting === undefined) this.#waiting.set(connection, { begins: [begin], next: 0 });
    else waiting.begins.push(begin);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    let begun = 0;
    for (const [connection, waiting] of this.#waiting) {
      if (begun === PER_TURN) break;
      begun += 1;
      // A map yields an entry again that was moved to its end.
      this.#waiting.delete(connection);
      const begin = waiting.begins[waiting.next++];
      if (waiting.next < waiting.begins.length) this.#waiting.set(connection, waiting);
      begin?.();
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}
