import { type Clock, DAY_MS } from '../../core/clock.ts';
import type { IAIUsageProvider } from '../../provider/provider.ts';

/** How old a figure may be, in ms: the ledger is asked for it. */
const FRESH_FOR_MS = 10_000;

/** How long the ledger may take, in ms. */
const WAIT_MS = 5_000;

/** What was spent since midnight UTC, as it was when somebody last looked. */
export class SpendToday {
  readonly #provider: Pick<IAIUsageProvider, 'getUsage'>;
  readonly #clock: Pick<Clock, 'now'>;
  #askedAt = Number.NEGATIVE_INFINITY;
  #picoDollars: bigint | undefined;

  constructor(provider: Pick<IAIUsageProvider, 'getUsage'>, clock: Pick<Clock, 'now'>) {
    this.#provider = provider;
    this.#clock = clock;
  }

  /** Undefined: not known yet. Asks for a new figure in the background where this one is old. */
  get picoDollars(): bigint | undefined {
    const now = this.#clock.now();
    if (now - this.#askedAt >= FRESH_FOR_MS) {
      this.#askedAt = now;
      void this.#ask(now);
    }
    return this.#picoDollars;
  }

  async #ask(now: number): Promise<void> {
    try {
      const query = { from: now - (now % DAY_MS), groupBy: [], limit: 1 };
      const sums = await this.#provider.getUsage(query, { signal: AbortSignal.timeout(WAIT_MS) });
      this.#picoDollars = sums.total.picoDollars;
    } catch {
      this.#picoDollars = undefined;
    }
  }
}
