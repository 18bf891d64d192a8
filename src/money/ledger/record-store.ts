import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { StoreDatabase } from '../store/store-database.ts';
import type { LedgerQuery } from './ledger.ts';
import type { Slice } from './range.ts';
import {
  ADD_TO_DAY,
  dayValues,
  INSERT_RECORD,
  recordValues,
  type StoredRecord,
} from './record-rows.ts';
import { groupRow, type Source, sumsStatement } from './sums-statement.ts';
import { dailyShare, dayOf, Groups, type Labels, type Totals } from './totals.ts';

const FIND_RECORD = 'SELECT 1 FROM records WHERE opened_at = ? AND call_id = ? AND attempt = ?';

const DELETE_RECORDS = `DELETE FROM records WHERE (opened_at, call_id, attempt) IN (
  SELECT opened_at, call_id, attempt FROM records WHERE ended_at < ? ORDER BY ended_at LIMIT ?)`;

/** In the order of text. */
const AFTER_ALL_DAYS = '~';

/** The ledger's tables. Every method is synchronous, and throws what SQLite throws. */
export class RecordStore {
  readonly #database: StoreDatabase;
  readonly #insertRecord: StatementSync;
  readonly #addToDay: StatementSync;
  readonly #deleteRecords: StatementSync;

  constructor(database: StoreDatabase) {
    this.#database = database;
    this.#insertRecord = database.prepare(INSERT_RECORD);
    this.#addToDay = database.prepare(ADD_TO_DAY);
    this.#deleteRecords = database.prepare(DELETE_RECORDS);
  }

  /**
   * Adds records, and `more` to the daily totals, all or nothing. Records that are there already
   * are left alone. Returns those that were not.
   */
  add(
    records: readonly StoredRecord[],
    more: Iterable<Labels & Totals> = [],
  ): readonly StoredRecord[] {
    return this.#database.transaction(() => {
      const added = this.insert(records);
      for (const group of more) this.#addToDay.run(...dayValues(group));
      return added;
    });
  }

  /** The same within a transaction that is open. */
  insert(records: readonly StoredRecord[]): readonly StoredRecord[] {
    const days = new Groups();
    const added: StoredRecord[] = [];
    for (const stored of records) {
      if (this.#insertRecord.run(...recordValues(stored)).changes === 0) continue;
      days.add(...dailyShare(stored.record));
      added.push(stored);
    }
    for (const group of days.values()) this.#addToDay.run(...dayValues(group));
    return added;
  }

  has({ openedAt, record }: StoredRecord): boolean {
    const { callId, attempt } = record;
    return (
      this.#database.prepare(FIND_RECORD).get(Math.floor(openedAt), callId, attempt) !== undefined
    );
  }

  /** Deletes records that ended before `cutoff` (epoch ms), at most `limit`. Returns how many. */
  deleteBefore(cutoff: number, limit: number): number {
    return this.#database.transaction(() => {
      const { changes } = this.#deleteRecords.run(cutoff, limit);
      if (Number(changes) > 0) {
        this.#database
          .prepare('UPDATE retention SET deleted_before = max(deleted_before, ?)')
          .run(Math.ceil(cutoff));
      }
      return Number(changes);
    });
  }

  /** Epoch ms: records that ended before it may have been deleted. */
  deletedBefore(): number {
    return Number(
      this.#database.prepare('SELECT deleted_before FROM retention').get()?.deleted_before,
    );
  }

  /** When the newest record ended, `count` not looked at; undefined if there are not so many. */
  endOfNewestAfter(count: number): number | undefined {
    const row = this.#database
      .prepare('SELECT ended_at FROM records ORDER BY ended_at DESC LIMIT 1 OFFSET ?')
      .get(count);
    return row === undefined ? undefined : Number(row.ended_at);
  }

  /** The first day of which there are totals. */
  firstDay(): string | undefined {
    return this.#dayBy('min');
  }

  /** The last one: still to come where the clock was set back. */
  lastDay(): string | undefined {
    return this.#dayBy('max');
  }

  sums({ source, range }: Slice, query: LedgerQuery): readonly (Labels & Totals)[] {
    return this.#sums(source, source === 'days' ? range.map(dayOf) : range, query);
  }

  /** From a day on. */
  sumsFrom(day: string, query: LedgerQuery): readonly (Labels & Totals)[] {
    return this.#sums('days', [day, AFTER_ALL_DAYS], query);
  }

  #dayBy(most: 'min' | 'max'): string | undefined {
    const day = this.#database.prepare(`SELECT ${most}(day) AS day FROM days`).get()?.day;
    return typeof day === 'string' ? day : undefined;
  }

  #sums(
    source: Source,
    range: readonly SQLInputValue[],
    query: LedgerQuery,
  ): readonly (Labels & Totals)[] {
    const { sql, values } = sumsStatement(source, query);
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all(...range, ...values).map(groupRow);
  }
}
