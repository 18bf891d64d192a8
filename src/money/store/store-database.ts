import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { createFile } from './directory.ts';
import { DatabaseError, SQLITE_CORRUPT } from './protocol.ts';
import { migrate } from './schema.ts';

/** How long the start waits for somebody who reads the database to let go of it. */
const OPEN_TIMEOUT_MS = 5_000;

/** Keeps what a long export had made of the write-ahead log from staying on disk. */
const WAL_LIMIT_BYTES = 16 * 2 ** 20;

/** What takes less than a second to read. */
const CHECKED_BYTES = 64 * 2 ** 20;

const SIZE = `SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()`;

/** What was open is in a new file, which is to be opened instead. */
export class FileRenewed extends Error {}

/** The database that all stores share. Every method is synchronous, and throws what SQLite throws. */
export class StoreDatabase {
  readonly connection: DatabaseSync;
  readonly #path: string;
  /** Its inode. Undefined: it is in no file. */
  readonly #file: bigint | undefined;

  /**
   * @param path `:memory:`, or a file, which is made if it is missing.
   * @throws LedgerError if its schema is newer than this program.
   */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    try {
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}; ${whereSortsGo(path)}`);
      migrate(database);
      // From now on others wait: what cannot be written at once is written later.
      database.exec('PRAGMA busy_timeout = 0');
    } catch (error) {
      database.close();
      throw error;
    }
    this.connection = database;
    this.#path = path;
    this.#file = fileAt(path);
  }

  prepare(sql: string): StatementSync {
    return this.connection.prepare(sql);
  }

  /**
   * All of `work` or nothing of it.
   *
   * @throws FileRenewed if somebody had deleted the file
   * @throws DatabaseError if somebody put another in its place
   */
  transaction<T>(work: () => T): T {
    this.#checkFile();
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

  /** What is written to a file that has no name any more is gone with the process. */
  #checkFile(): void {
    const path = this.#path;
    const file = this.#file === undefined ? undefined : fileAt(path);
    // Where the directory was moved, the file went with it.
    if (file === this.#file || !existsSync(dirname(path))) return;
    if (file !== undefined) throw new DatabaseError(`another file stands in place of ${path}`);
    createFile(path);
    try {
      this.connection.prepare('VACUUM INTO ?').run(path);
    } catch (error) {
      rmSync(path);
      throw error;
    }
    throw new FileRenewed(`${path} was deleted, and is written anew`);
  }
}

/**
 * What a large sum or a VACUUM cannot hold in memory goes beside the database: where the root file system is read-only,
 * there is no /tmp, and SQLite fails. It is for all databases of the process, and gone when it is closed.
 */
function whereSortsGo(path: string): string {
  if (path === ':memory:') return 'PRAGMA temp_store = MEMORY';
  return `PRAGMA temp_store_directory = '${dirname(path).replaceAll("'", "''")}'`;
}

function fileAt(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
