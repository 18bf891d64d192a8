import { ProviderError } from '../../core/errors.ts';
import { endReason } from '../../core/signal.ts';

/** Queries that may wait for the one that runs. */
const MAX_WAITING = 16;

/** Of one that is refused, in ms. */
const RETRY_AFTER_MS = 1_000;

/** Lets one query read the ledger at a time: side by side each would only take longer. */
export class QueryQueue {
  #running = false;
  readonly #waiting = new Set<() => void>();

  /**
   * Runs `work` when those before it are done.
   *
   * @throws (rejects with) ProviderError RATE_LIMIT_EXCEEDED if 16 wait already, and with the reason of
   * `signal` if that ends the wait.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running) await this.#turn(signal);
    this.#running = true;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      // Whoever is next runs on at once: nobody comes in between.
      if (next === undefined) this.#running = false;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new ProviderError('RATE_LIMIT_EXCEEDED', {
        message: `${MAX_WAITING} queries of the ledger wait already; ask again when they are answered.`,
        quotaSubject: 'queries of the ledger',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(enter);
      signal?.removeEventListener('abort', onAbort);
    };
    const enter = () => {
      leave();
      resolve();
    };
    const onAbort = () => {
      leave();
      if (signal !== undefined) reject(endReason(signal));
    };
    this.#waiting.add(enter);
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  }
}
