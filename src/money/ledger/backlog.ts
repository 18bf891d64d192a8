import type { JournalLine } from './journal-line.ts';
import type { StoredRecord } from './record-rows.ts';
import type { RecordStore } from './record-store.ts';
import { dailyShare, Groups, type Labels, type Totals } from './totals.ts';

/** Records in one transaction: some milliseconds in which no call moves. */
const BATCH = 250;

/** Records that wait at most, should the database not take them: some 100 MB. */
const MAX_WAITING = 100_000;

interface Settled {
  readonly number: number;
  readonly stored: StoredRecord;
  /** The journal has it, because the database would not. */
  journalled: boolean;
}

/**
 * What is settled and not in the database yet. If that grows too long, of the rest only the daily
 * totals are kept.
 */
export class Backlog {
  readonly #waiting: Settled[] = [];
  readonly #excess = new Groups();
  /** Numbers of the attempts in `#excess`. */
  readonly #excessNumbers: number[] = [];

  /** Attempts. */
  get size(): number {
    return this.#waiting.length + this.#excessNumbers.length;
  }

  get empty(): boolean {
    return this.size === 0;
  }

  add(number: number, stored: StoredRecord): void {
    if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push({ number, stored, journalled: false });
    } else {
      this.#excess.add(...dailyShare(stored.record));
      this.#excessNumbers.push(number);
    }
  }

  /**
   * Moves the oldest to the database, a batch at most. Returns the numbers of their attempts. Throws
   * what SQLite throws; then all stays as it was.
   */
  moveTo(store: RecordStore): readonly number[] {
    const batch = this.#waiting.slice(0, BATCH);
    store.add(
      batch.map(({ stored }) => stored),
      this.#excess,
    );
    this.#waiting.splice(0, batch.length);
    this.#excess.clear();
    return [...batch.map(({ number }) => number), ...this.#excessNumbers.splice(0)];
  }

  /** The records as the journal notes them. */
  *lines(which: 'all' | 'new'): Iterable<JournalLine> {
    for (const settled of this.#waiting) {
      if (which === 'new' && settled.journalled) continue;
      settled.journalled = true;
      yield { type: 'settled', number: settled.number, stored: settled.stored };
    }
  }

  /** What waits for the daily totals. */
  *dailyShares(): Iterable<readonly [Labels, Totals]> {
    for (const { stored } of this.#waiting) yield dailyShare(stored.record);
    for (const group of this.#excess.values()) yield [group, group];
  }
}
