import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DatabaseError, SQLITE_CORRUPT } from './protocol.ts';
import { migrate } from './schema.ts';

/** How long the start waits for somebody who reads the database to let go of it. */
const OPEN_TIMEOUT_MS = 5_000;

/** Keeps what a long export had made of the write-ahead log from staying on disk. */
const WAL_LIMIT_BYTES = 16 * 2 ** 20;

/** What takes less than a second to read. */
const CHECKED_BYTES = 64 * 2 ** 20;

const SIZE = `SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()`;

/** The database that all stores share. Every method is synchronous, and throws what SQLite throws. */
export class StoreDatabase {
  readonly connection: DatabaseSync;

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
      // From now on others wait: what cannot be written at once is written later.
      database.exec('PRAGMA busy_timeout = 0');
    } catch (error) {
      database.close();
      throw error;
    }
    this.connection = database;
  }

  prepare(sql: string): StatementSync {
    return this.connection.prepare(sql);
  }

  /** All of `work` or nothing of it. */
  transaction<T>(work: () => T): T {
    this.connection.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.connection.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back if the disk is full.
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * Reads a small database as a whole; of a large one, which would take long, what was read until now.
   *
   * @throws DatabaseError if it is damaged
   */
  check(): void {
    const { size } = this.prepare(SIZE).get() ?? {};
    if (Number(size) > CHECKED_BYTES) return;
    const found = this.prepare('PRAGMA quick_check(1)').get()?.quick_check;
    if (found !== 'ok') throw new DatabaseError(String(found), SQLITE_CORRUPT);
  }

  close(): void {
    this.connection.close();
  }
}
