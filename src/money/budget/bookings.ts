/**
 * What stands in the ledger before it is booked in the budgets. Budgets that begin in between would have it from the
 * ledger and get it booked, too.
 */
export class Bookings {
  #open = 0;
  /** Hears that none is open any more. */
  #onIdle: (() => void) | undefined;
  /** Resolves when other budgets have begun, or could not. */
  #change: Promise<void> | undefined;

  /** @param write writes into the ledger, and then books the same */
  async book(write: () => Promise<void>): Promise<void> {
    while (this.#change !== undefined) await this.#change;
    this.#open += 1;
    try {
      await write();
    } finally {
      this.#open -= 1;
      if (this.#open === 0) this.#onIdle?.();
    }
  }

  /** Lets other budgets begin once nothing is open; whoever books waits for it. One at a time. */
  async change(begin: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#change = promise;
    try {
      if (this.#open > 0) {
        await new Promise<void>((resolve) => {
          this.#onIdle = resolve;
        });
      }
      begin();
    } finally {
      this.#change = undefined;
      resolve();
    }
  }
}
