import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { BatchStore } from '../batches/batch-store.ts';
import type { LedgerQuery } from './ledger.ts';
import type { Slice } from './range.ts';
import {
  ADD_TO_DAY,
  dayValues,
  INSERT_RECORD,
  recordValues,
  type StoredRecord,
} from './record-rows.ts';
import { migrate } from './schema.ts';
import { groupRow, type Source, sumsStatement } from './sums-statement.ts';
import { dailyShare, dayOf, Groups, type Labels, type Totals } from './totals.ts';

const DELETE_RECORDS = `DELETE FROM records WHERE (opened_at, call_id, attempt) IN (
  SELECT opened_at, call_id, attempt FROM records WHERE ended_at < ? ORDER BY ended_at LIMIT ?)`;

/** How long the start waits for somebody who reads the database to let go of it. */
const OPEN_TIMEOUT_MS = 5_000;

/** Keeps what a long export had made of the write-ahead log from staying on disk. */
const WAL_LIMIT_BYTES = 16 * 2 ** 20;

/** In the order of text. */
const AFTER_ALL_DAYS = '~';

/** The ledger's database. Every method is synchronous, and throws what SQLite throws. */
export class RecordStore {
  readonly #database: DatabaseSync;
  readonly #insertRecord: StatementSync;
  readonly #addToDay: StatementSync;
  readonly #deleteRecords: StatementSync;
  /** Of batches, in the same database, so that a result and what it cost are kept together. */
  readonly batches: BatchStore;

  /**
   * @param path `:memory:`, or a file, which is made if it is missing.
   * @throws LedgerError if its schema is newer than this program.
   */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`);
      migrate(database);
      // From now on calls are waiting: what cannot be written at once is written later.
      database.exec('PRAGMA busy_timeout = 0');
      this.#insertRecord = database.prepare(INSERT_RECORD);
      this.#addToDay = database.prepare(ADD_TO_DAY);
      this.#deleteRecords = database.prepare(DELETE_RECORDS);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    this.batches = new BatchStore(database, (charges) => {
      this.#insert(charges.map((record) => ({ openedAt: record.startedAt, record })));
    });
  }

  /**
   * Adds records, and `more` to the daily totals, all or nothing. Records that are there already
   * are left alone. Returns those that were not.
   */
  add(records: readonly StoredRecord[], more: Groups = new Groups()): readonly StoredRecord[] {
    return this.#transaction(() => {
      const added = this.#insert(records);
      for (const group of more.values()) this.#addToDay.run(...dayValues(group));
      return added;
    });
  }

  #insert(records: readonly StoredRecord[]): readonly StoredRecord[] {
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

  /** Deletes records that ended before `cutoff` (epoch ms), at most `limit`. Returns how many. */
  deleteBefore(cutoff: number, limit: number): number {
    return this.#transaction(() => {
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
    const day = this.#database.prepare('SELECT min(day) AS day FROM days').get()?.day;
    return typeof day === 'string' ? day : undefined;
  }

  sums({ source, range }: Slice, query: LedgerQuery): readonly (Labels & Totals)[] {
    return this.#sums(source, source === 'days' ? range.map(dayOf) : range, query);
  }

  /** From a day on. */
  sumsFrom(day: string, query: LedgerQuery): readonly (Labels & Totals)[] {
    return this.#sums('days', [day, AFTER_ALL_DAYS], query);
  }

  close(): void {
    this.#database.close();
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

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back if the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
