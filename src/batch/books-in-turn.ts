import { ProviderError } from '../core/errors.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';

/** Requests that are with the thread of the store at once. */
const AT_ONCE = 32;

/** Of one that is refused, in ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * Books that are asked some things at a time, so that the thread of the store has room for the ledger, and for others
 * who ask, however many ask these.
 *
 * @param maxWaiting requests that may wait: what is asked beyond rejects with ProviderError RATE_LIMIT_EXCEEDED
 */
export function booksInTurn(books: BatchBooks, maxWaiting: number): BatchBooks {
  const turns = new Turns(maxWaiting);
  const asked = Object.entries(books).map(([name, ask]) => [
    name,
    (...values: unknown[]) => turns.run(() => Reflect.apply(ask, books, values)),
  ]);
  return Object.fromEntries(asked) as BatchBooks;
}

class Turns {
  readonly #maxWaiting: number;
  #running = 0;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await this.#turn();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length - this.#next >= this.#maxWaiting) {
      throw new ProviderError('RATE_LIMIT_EXCEEDED', {
        message: `${this.#maxWaiting} requests for batches wait already; ask again when they are answered.`,
        quotaSubject: 'requests for batches',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever is next has the turn of the one that is over. */
  #pass(): void {
    const next = this.#waiting[this.#next];
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#next += 1;
    if (this.#next >= AT_ONCE && 2 * this.#next >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    next();
  }
}
