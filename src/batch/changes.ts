import { endReason } from '../core/signal.ts';

/** Wakes whoever waits for something to happen to a batch. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Something has happened. */
  tell(batch: string): void {
    const waiting = this.#waiting.get(batch);
    this.#waiting.delete(batch);
    for (const wake of waiting ?? []) wake();
  }

  /**
   * What is waited for begins with the call, so that nothing is missed between looking and waiting. The
   * promise rejects with the end of the signal; nobody need wait for it.
   */
  next(batch: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined);
    if (signal.aborted) {
      reject(endReason(signal));
      return promise;
    }
    const waiting = this.#waiting.get(batch) ?? new Set();
    this.#waiting.set(batch, waiting);
    const onAbort = () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(batch) === waiting) this.#waiting.delete(batch);
      reject(endReason(signal));
    };
    const wake = () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener('abort', onAbort, { once: true });
    return promise;
  }
}
