import type { JournalLine } from './journal-line.ts';
import type { Spending } from './ledger.ts';
import type { StoredRecord } from './record-rows.ts';
import { dailyShare, dayOf, Groups, type Labels, type Totals } from './totals.ts';

/** Records in one transaction; cloning so many to the worker takes a millisecond. */
const BATCH = 250;

/** Records that wait at most, should the database not take them: some 100 MB. */
const MAX_WAITING = 100_000;

interface Settled {
  readonly number: number;
  readonly stored: StoredRecord;
  /** The journal has it. */
  isJournalled: boolean;
}

/** What is on its way to the database. */
export interface Portion {
  readonly records: readonly StoredRecord[];
  readonly excess: readonly (Labels & Totals)[];
  /** Of all attempts in it. */
  readonly numbers: readonly number[];
}

/**
 * What is settled and not known to be in the database. If that grows too long, of the rest only the
 * daily totals are kept.
 */
export class Backlog {
  readonly #waiting: Settled[] = [];
  #excess = new Groups();
  /** Numbers of the attempts in `#excess`. */
  #excessNumbers: number[] = [];

  /** Attempts, those on their way included. */
  get size(): number {
    return this.#waiting.length + this.#excessNumbers.length;
  }

  get empty(): boolean {
    return this.size === 0;
  }

  add(number: number, stored: StoredRecord, isJournalled: boolean): void {
    if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push({ number, stored, isJournalled });
    } else {
      this.#excess.add(...dailyShare(stored.record));
      this.#excessNumbers.push(number);
    }
  }

  /** The oldest, and the excess. One at a time: it stays in the backlog until it is `landed`. */
  next(): Portion {
    const oldest = this.#waiting.slice(0, BATCH);
    return {
      records: oldest.map(({ stored }) => stored),
      excess: [...this.#excess.values()].map((group) => ({ ...group })),
      numbers: [...oldest.map(({ number }) => number), ...this.#excessNumbers],
    };
  }

  /** What was spent since a midnight UTC in epoch ms, by all but the batch that is on its way. */
  spending(since: number, onItsWay?: Portion): readonly Spending[] {
    const groups = new Groups();
    for (const { stored } of this.#waiting.slice(onItsWay?.records.length ?? 0)) {
      groups.add(...dailyShare(stored.record));
    }
    for (const group of this.#excess.values()) groups.add(group, group);
    groups.subtract(onItsWay?.excess ?? []);
    const first = dayOf(since);
    return [...groups.values()]
      .filter(({ day }) => day >= first)
      .map(({ model, userId, projectId, picoDollars }) => ({
        model,
        userId,
        projectId,
        picoDollars,
      }));
  }

  /** The batch is in the database. */
  landed({ records, excess, numbers }: Portion): void {
    this.#waiting.splice(0, records.length);
    this.#excess.subtract(excess);
    this.#excessNumbers.splice(0, numbers.length - records.length);
  }

  /** All of it is in a new journal. */
  journalled(): void {
    for (const settled of this.#waiting) settled.isJournalled = true;
  }

  /** What neither database nor journal has, by day, model, user, project, target and outcome. */
  unwritten(): Iterable<Labels & Totals> {
    const groups = new Groups();
    for (const { stored, isJournalled } of this.#waiting) {
      if (!isJournalled) groups.add(...dailyShare(stored.record));
    }
    for (const group of this.#excess.values()) groups.add(group, group);
    return groups.values();
  }

  /** The records as the journal notes them. */
  *lines(): Iterable<JournalLine> {
    for (const { number, stored } of this.#waiting) yield { type: 'settled', number, stored };
  }
}
