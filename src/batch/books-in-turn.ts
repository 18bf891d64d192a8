import { ProviderError } from '../core/errors.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';

/** Requests that are with the thread of the store at once. */
const AT_ONCE = 32;

/** Those that may wait for it: a thousand callers wait for results of one batch, and all of them look when it has some. */
const MAX_WAITING = 4_096;

/** Of one that is refused, in ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * The books for what callers ask: they get their turn one after the other, so that the thread of the store has room for
 * the ledger and for the batches themselves, however many ask.
 *
 * What it is asked rejects with ProviderError RATE_LIMIT_EXCEEDED if 4,096 wait already.
 */
export function booksInTurn(books: BatchBooks): BatchBooks {
  const turns = new Turns();
  const asked = Object.entries(books).map(([name, ask]) => [
    name,
    (...values: unknown[]) => turns.run(() => Reflect.apply(ask, books, values)),
  ]);
  return Object.fromEntries(asked) as BatchBooks;
}

class Turns {
  #running = 0;
  #waiting: (() => void)[] = [];
  #next = 0;

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
    if (this.#waiting.length - this.#next >= MAX_WAITING) {
      throw new ProviderError('RATE_LIMIT_EXCEEDED', {
        message: `${MAX_WAITING} requests for batches wait already; ask again when they are answered.`,
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
