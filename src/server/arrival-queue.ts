/** Calls that are begun before other work of the process gets its turn. */
const PER_TURN = 8;

interface Connection {
  readonly waiting: (() => void)[];
  /** Index of the one that is begun next. */
  next: number;
  /** Calls that were begun, and are not over. */
  open: number;
}

/**
 * Begins calls a little after they have arrived, first those of the connections that have the fewest, and
 * these in turn. What a connection cancels in one breath with its calls is known by then, and one that brings
 * thousands of calls keeps those of others waiting no longer than a few of its own take.
 */
export class ArrivalQueue {
  /** Of which calls wait; the one whose turn it is comes first. */
  readonly #waiting = new Set<Connection>();
  readonly #connections = new WeakMap<object, Connection>();
  #scheduled = false;

  /**
   * @param key whatever tells connections apart
   * @param begin must not throw
   */
  add(key: object, begin: () => void): void {
    const connection = this.#connections.get(key) ?? { waiting: [], next: 0, open: 0 };
    this.#connections.set(key, connection);
    connection.waiting.push(begin);
    this.#waiting.add(connection);
    this.#schedule();
  }

  /** A call that was begun is over. */
  ended(key: object): void {
    const connection = this.#connections.get(key);
    if (connection !== undefined) connection.open -= 1;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    for (let begun = 0; begun < PER_TURN && this.#waiting.size > 0; begun += 1) {
      this.#begin(this.#withFewest());
    }
    if (this.#waiting.size > 0) this.#schedule();
  };

  #begin(connection: Connection | undefined): void {
    if (connection === undefined) return;
    this.#waiting.delete(connection);
    const begin = connection.waiting[connection.next++];
    if (connection.next < connection.waiting.length) this.#waiting.add(connection);
    else {
      connection.waiting.length = 0;
      connection.next = 0;
    }
    connection.open += 1;
    begin?.();
  }

  #withFewest(): Connection | undefined {
    let fewest: Connection | undefined;
    for (const connection of this.#waiting) {
      if (fewest === undefined || connection.open < fewest.open) fewest = connection;
    }
    return fewest;
  }
}
