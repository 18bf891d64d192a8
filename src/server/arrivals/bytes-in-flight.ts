/** What one call holds, to be let go of when it ends. */
export interface HeldBytes {
  /** Whether there is room for so many more. If so, they are held. */
  take(bytes: number): boolean;
  /** Lets go of all. Idempotent. */
  release(): void;
}

/** The bytes of requests that this process holds, for all its calls together. */
export class BytesInFlight {
  #max = 0;
  #maxOfConnection = 0;
  readonly #connections = new WeakMap<object, { bytes: number }>();
  #held = 0;

  /**
   * @param max of all calls together, in bytes
   * @param connectionShare share of it for the calls of one connection, in (0, 1]
   */
  constructor(max: number, connectionShare: number) {
    this.configure(max, connectionShare);
  }

  /** Other limits from now on; what is held stays. */
  configure(max: number, connectionShare: number): void {
    this.#max = max;
    this.#maxOfConnection = max * connectionShare;
  }

  /** What is held now, in bytes. */
  get held(): number {
    return this.#held;
  }

  /** @param connection whatever tells connections apart */
  open(connection: object): HeldBytes {
    let ofConnection = this.#connections.get(connection);
    if (ofConnection === undefined) {
      ofConnection = { bytes: 0 };
      this.#connections.set(connection, ofConnection);
    }
    const shared = ofConnection;
    let own = 0;
    const add = (bytes: number): void => {
      own += bytes;
      shared.bytes += bytes;
      this.#held += bytes;
    };
    return {
      take: (bytes) => {
        const fits =
          this.#held + bytes <= this.#max && shared.bytes + bytes <= this.#maxOfConnection;
        if (fits) add(bytes);
        return fits;
      },
      release: () => add(-own),
    };
  }
}
