/** Calls that are begun before other work of the process gets its turn. */
const PER_TURN = 8;

/** Calls of a connection that wait when it is read no further, and when it is read again. */
const MOST_WAITING = 64;
const FEW_WAITING = 16;

/** What is read of connections, by what tells them apart. Connections may have gone. */
interface Reading {
  /** Reads no further; may be asked again. */
  stop(key: object): void;
  start(key: object): void;
}

interface Connection {
  readonly key: object;
  readonly waiting: (() => void)[];
  /** Index of the one that is begun next. */
  next: number;
  /** Calls that were begun, and are not over. */
  open: number;
  /** It is not read. */
  held: boolean;
}

/**
 * Begins calls a little after they have arrived, first those of the connections that have the fewest, and
 * these in turn. What a connection cancels in one breath with its calls is known by then, and one that brings
 * thousands of calls keeps those of others waiting no longer than a few of its own take.
 *
 * Hundreds of calls fit into what is read of a connection in one go, and to take them off the wire takes longer than
 * to refuse them. A connection of which many wait is read no further until few of them do, and in one turn of the
 * event loop one such connection is read again.
 */
export class ArrivalQueue {
  readonly #reading: Reading;
  /** Of which calls wait; the one whose turn it is comes first. */
  readonly #waiting = new Set<Connection>();
  /** To be read again. */
  readonly #rested = new Set<Connection>();
  readonly #connections = new WeakMap<object, Connection>();
  #scheduled = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /**
   * @param key whatever tells connections apart
   * @param begin must not throw
   */
  add(key: object, begin: () => void): void {
    let connection = this.#connections.get(key);
    if (connection === undefined) {
      connection = { key, waiting: [], next: 0, open: 0, held: false };
      this.#connections.set(key, connection);
    }
    connection.waiting.push(begin);
    // Again and again: Node.js goes on to read by itself where it had waited for a write.
    if (waitingOf(connection) % MOST_WAITING === 0) this.#hold(connection);
    this.#waiting.add(connection);
    this.#schedule();
  }

  /** A call that was begun is over. */
  ended(key: object): void {
    const connection = this.#connections.get(key);
    if (connection !== undefined) connection.open -= 1;
  }

  #hold(connection: Connection): void {
    connection.held = true;
    this.#rested.delete(connection);
    this.#reading.stop(connection.key);
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
    this.#readOne();
    if (this.#waiting.size > 0 || this.#rested.size > 0) this.#schedule();
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
    if (connection.held && waitingOf(connection) <= FEW_WAITING) this.#rested.add(connection);
    connection.open += 1;
    begin?.();
  }

  #readOne(): void {
    const [connection] = this.#rested;
    if (connection === undefined) return;
    this.#rested.delete(connection);
    connection.held = false;
    this.#reading.start(connection.key);
  }

  #withFewest(): Connection | undefined {
    let fewest: Connection | undefined;
    for (const connection of this.#waiting) {
      if (fewest === undefined || connection.open < fewest.open) fewest = connection;
    }
    return fewest;
  }
}

function waitingOf({ waiting, next }: Connection): number {
  return waiting.length - next;
}
