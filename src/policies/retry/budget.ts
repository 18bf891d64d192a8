import type { Clock } from '../../core/clock.ts';
import type { RetryOptions } from './options.ts';

/** Calls whose share can be saved up: enough for that many calls that run at once. */
const CALLS_SAVED_FOR = 1_000;

/**
 * Retries that may be made, over all calls: a bucket into which each call puts a share of a retry. An
 * upstream that fails for everybody is asked that much more often and no more, where retries alone
 * would triple its load. A minimum comes back with time, so that few calls can be retried, too.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #minimum: number;
  readonly #capacity: number;
  readonly #clock: Clock;
  #level: number;
  /** Epoch ms. */
  #refilledAt: number;

  constructor(options: Pick<RetryOptions, 'budgetRatio' | 'budgetMinimum'>, clock: Clock) {
    this.#ratio = options.budgetRatio;
    this.#minimum = options.budgetMinimum;
    this.#capacity = options.budgetMinimum + options.budgetRatio * CALLS_SAVED_FOR;
    this.#clock = clock;
    this.#level = options.budgetMinimum;
    this.#refilledAt = clock.now();
  }

  /** A call has begun. */
  deposit(): void {
    this.#level = Math.min(this.#capacity, this.#level + this.#ratio);
  }

  /** Takes one retry; false if there is none. */
  withdraw(): boolean {
    this.#refill();
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }

  /** Up to the minimum within one second; what calls put in beyond it stays. */
  #refill(): void {
    const now = this.#clock.now();
    const earned = (this.#minimum * (now - this.#refilledAt)) / 1_000;
    this.#refilledAt = now;
    this.#level = Math.max(this.#level, Math.min(this.#minimum, this.#level + earned));
  }
}
