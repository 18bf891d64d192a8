import type { Clock, Timer } from '../../core/clock.ts';
import type { StoreClient } from '../store/store-client.ts';
import type { LedgerOperations } from './ledger-store.ts';
import type { Outage } from './outage.ts';

export interface RetentionOptions {
  /** Records are deleted once they ended so long ago. */
  readonly retentionMs: number;
  /** The oldest beyond so many are deleted earlier. Default: none. */
  readonly maxRecords?: number;
}

export interface RetentionDeps {
  readonly store: StoreClient<LedgerOperations>;
  readonly outage: Outage;
  readonly clock: Clock;
}

/** Records deleted at once: a few milliseconds in which nothing else is written. */
const CHUNK = 500;

/** Between chunks while there is more to delete. */
const PAUSE_MS = 100;

const INTERVAL_MS = 60_000;

/** Deletes old records, little by little. Their share of the daily totals stays. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #store: StoreClient<LedgerOperations>;
  readonly #outage: Outage;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: RetentionOptions, { store, outage, clock }: RetentionDeps) {
    this.#options = options;
    this.#store = store;
    this.#outage = outage;
    this.#clock = clock;
    this.#wait(PAUSE_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    if (!this.#stopped) this.#timer = this.#clock.after(ms, () => void this.#tick(), true);
  }

  async #tick(): Promise<void> {
    let deleted = 0;
    await this.#outage.watch(async () => {
      deleted = await this.#store.ask('deleteOld', this.#options, this.#clock.now(), CHUNK);
    });
    this.#wait(deleted === CHUNK ? PAUSE_MS : INTERVAL_MS);
  }
}
