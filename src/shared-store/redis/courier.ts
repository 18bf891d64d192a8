/** Items that go to the server together: a script call of some milliseconds. */
const MAX_BATCH = 100;

/**
 * Carries items to the server in batches, one batch at a time. What is requested while one is under
 * way goes with the next, once, however often it was requested.
 */
export class Courier<T> {
  readonly #send: (batch: readonly T[]) => Promise<void>;
  readonly #due = new Set<T>();
  #running: Promise<void> | undefined;

  /** @param send must not reject, nor request again at once what it could not send */
  constructor(send: (batch: readonly T[]) => Promise<void>) {
    this.#send = send;
  }

  request(item: T): void {
    this.#due.add(item);
    this.#running ??= this.#run();
  }

  /** Until nothing is due and nothing under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is requested in the same turn goes together.
    await Promise.resolve();
    while (this.#due.size > 0) {
      const batch = [...this.#due].slice(0, MAX_BATCH);
      for (const item of batch) this.#due.delete(item);
      await this.#send(batch);
    }
    this.#running = undefined;
  }
}
