import type { Clock, Timer } from '../../core/clock.ts';
import type { Outage } from './outage.ts';
import type { RecordStore } from './record-store.ts';

export interface RetentionOptions {
  /** Records are deleted once they ended so long ago. */
  readonly retentionMs: number;
  /** The oldest beyond so many are deleted earlier. Default: none. */
  readonly maxRecords?: number;
}

export interface RetentionDeps {
  readonly store: RecordStore;
  readonly outage: Outage;
  readonly clock: Clock;
}

/** Records deleted at once: a few milliseconds in which no call moves. */
const CHUNK = 500;

/** Between chunks while there is more to delete. */
const PAUSE_MS = 100;

const INTERVAL_MS = 60_000;

/** Deletes old records, little by little. Their share of the daily totals stays. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #store: RecordStore;
  readonly #outage: Outage;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(options: RetentionOptions, { store, outage, clock }: RetentionDeps) {
    this.#options = options;
    this.#store = store;
    this.#outage = outage;
    this.#clock = clock;
    this.#wait(PAUSE_MS);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#tick(), true);
  }

  #tick(): void {
    let deleted = 0;
    this.#outage.watch(() => {
      deleted = this.#store.deleteBefore(this.#cutoff(), CHUNK);
    });
    this.#wait(deleted === CHUNK ? PAUSE_MS : INTERVAL_MS);
  }

  #cutoff(): number {
    const { retentionMs, maxRecords } = this.#options;
    const tooOld = this.#clock.now() - retentionMs;
    if (maxRecords === undefined) return tooOld;
    const tooMany = this.#store.endOfNewestAfter(maxRecords);
    return tooMany === undefined ? tooOld : Math.max(tooOld, tooMany + 1);
  }
}
