import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DatabaseError, SQLITE_CORRUPT, sqliteCodeOf } from '../store/protocol.ts';
import {
  type AnswerStoreOptions,
  type CacheEntry,
  type CacheSelection,
  ENTRY_BYTES,
  type StoreSize,
} from './answer-store.ts';

/** `PRAGMA user_version`. To be raised with every change of the tables: what another version wrote goes. */
const VERSION = 1;

/**
 * Answers stand last in their rows, so that what is read of the others does not read them. `used` is in
 * order of the last use.
 */
const TABLES = `
  CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    project_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    size INTEGER NOT NULL,
    answer BLOB NOT NULL
  ) STRICT;
  CREATE INDEX answers_by_use ON answers (used, size);
  CREATE INDEX answers_by_end ON answers (expires_at);
  CREATE INDEX answers_by_model ON answers (model);
  CREATE INDEX answers_by_project ON answers (project_id);
  PRAGMA user_version = ${VERSION};
`;

/** So many rows are deleted at once: others wait for the thread. */
export const MAX_DELETED = 500;

/** Uses that are remembered before they are written. */
const MAX_USES = 1_000;

/** A file that somebody reads, or copies, is waited for so long, in ms: nobody does that for long. */
const BUSY_MS = 10;

const SQLITE_ERROR = 1;

/** An answer as it is found. */
export interface FoundAnswer {
  readonly bytes: Uint8Array;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** An answer that is to be kept. */
export interface NewAnswer extends CacheEntry {
  readonly key: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Answers in a file of SQLite. Every method is synchronous, and throws what SQLite throws. */
export class AnswerTable {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #use: StatementSync;
  readonly #deletes = new Map<string, StatementSync>();
  /** Since they were last written: a hit writes nothing. */
  readonly #uses = new Map<string, number>();
  #used: number;
  #entries: number;
  #bytes: number;

  /** @throws DatabaseError for a damaged file if it is of another version, too */
  constructor(path: string) {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    this.#database = database;
    try {
      // What a power failure leaves of it is found to be damaged, and begun anew.
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON;
        PRAGMA journal_size_limit = ${4 * 2 ** 20}`);
      this.#migrate();
      this.#get = database.prepare(`SELECT answer AS bytes, expires_at AS expiresAt
        FROM answers WHERE key = ? AND expires_at > ?`);
      this.#insert = database.prepare(`INSERT INTO answers
        (key, model, project_id, expires_at, used, size, answer) VALUES (?, ?, ?, ?, ?, ?, ?)`);
      this.#use = database.prepare('UPDATE answers SET used = ? WHERE key = ?');
      const sums = database.prepare(`SELECT COUNT(*) AS entries, TOTAL(size) AS bytes,
        COALESCE(MAX(used), 0) AS used FROM answers INDEXED BY answers_by_use`);
      const { entries, bytes, used } = sums.get() ?? {};
      [this.#entries, this.#bytes, this.#used] = [Number(entries), Number(bytes), Number(used)];
    } catch (error) {
      database.close();
      // Its version is right, and its tables are not.
      if (sqliteCodeOf(error) !== SQLITE_ERROR) throw error;
      throw new DatabaseError('it has other tables', SQLITE_CORRUPT);
    }
  }

  get size(): StoreSize {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  get(key: string, now: number): FoundAnswer | undefined {
    const found = this.#get.get(key, now);
    if (found === undefined) return undefined;
    this.noteUses([key]);
    return { bytes: found.bytes as Uint8Array, expiresAt: Number(found.expiresAt) };
  }

  /** Answers were given, in this order. */
  noteUses(keys: readonly string[]): void {
    for (const key of keys) {
      this.#used += 1;
      this.#uses.set(key, this.#used);
    }
    if (this.#uses.size > MAX_USES) this.#tryToWriteUses();
  }

  /** Returns the keys of those that went for want of room; undefined if there is no room all the same. */
  set(answer: NewAnswer, limits: AnswerStoreOptions, now: number): readonly string[] | undefined {
    const size = answer.bytes.length + ENTRY_BYTES;
    if (size > limits.maxBytes) return undefined;
    return this.#change(() => {
      this.#writeUses();
      this.#delete('key = ?', answer.key);
      this.#delete('expires_at <= ?', now);
      const rest = { maxBytes: limits.maxBytes - size, maxEntries: limits.maxEntries - 1 };
      const evicted = this.#evict(rest);
      if (this.#isAbove(rest)) return undefined;
      const { key, model, projectId, expiresAt, bytes } = answer;
      this.#used += 1;
      this.#insert.run(key, model, projectId, Math.ceil(expiresAt), this.#used, size, bytes);
      this.#entries += 1;
      this.#bytes += size;
      return evicted;
    });
  }

  /** Takes out at most MAX_DELETED. Returns how many. */
  delete(selection: Exclude<CacheSelection, { type: 'all' }>): number {
    return this.#change(() => {
      if (selection.type === 'project') {
        return this.#delete('project_id = ?', selection.projectId).length;
      }
      const [column, value] =
        selection.type === 'key' ? ['key', selection.key] : ['model', selection.model];
      const { projectId } = selection;
      const gone =
        projectId === undefined
          ? this.#delete(`${column} = ?`, value)
          : this.#delete(`${column} = ? AND project_id = ?`, value, projectId);
      return gone.length;
    });
  }

  /** Takes out at most MAX_DELETED whose time is over. Returns how many. */
  sweep(now: number): number {
    return this.#change(() => this.#delete('expires_at <= ?', now).length);
  }

  /** Takes out at most MAX_DELETED for which there is no room. Returns how many. */
  trim(limits: AnswerStoreOptions): number {
    return this.#change(() => {
      this.#writeUses();
      return this.#evict(limits).length;
    });
  }

  close(): void {
    this.#database.close();
  }

  #migrate(): void {
    const state = this.#database.prepare(`SELECT user_version AS version,
      (SELECT COUNT(*) FROM sqlite_schema) AS tables FROM pragma_user_version`);
    const { version, tables } = state.get() ?? {};
    if (version === 0 && tables === 0) this.#database.exec(`BEGIN; ${TABLES} COMMIT`);
    else if (version !== VERSION) {
      throw new DatabaseError('it is of another version', SQLITE_CORRUPT);
    }
  }

  #isAbove({ maxBytes, maxEntries }: AnswerStoreOptions): boolean {
    return this.#entries > 0 && (this.#bytes > maxBytes || this.#entries > maxEntries);
  }

  #evict(limits: AnswerStoreOptions): readonly string[] {
    const evicted: string[] = [];
    while (this.#isAbove(limits) && evicted.length < MAX_DELETED) {
      const gone = this.#delete('used = (SELECT MIN(used) FROM answers)');
      if (gone.length === 0) throw new DatabaseError('its indexes do not agree', SQLITE_CORRUPT);
      evicted.push(...gone);
    }
    return evicted;
  }

  /** Returns the keys of what went. */
  #delete(which: string, ...values: readonly (string | number)[]): readonly string[] {
    const statement =
      this.#deletes.get(which) ??
      this.#database.prepare(`DELETE FROM answers WHERE id IN
        (SELECT id FROM answers WHERE ${which} LIMIT ${MAX_DELETED}) RETURNING key, size`);
    this.#deletes.set(which, statement);
    const rows = statement.all(...values);
    this.#entries -= rows.length;
    for (const { size } of rows) this.#bytes -= Number(size);
    return rows.map(({ key }) => String(key));
  }

  #writeUses(): void {
    for (const [key, used] of this.#uses) this.#use.run(used, key);
    this.#uses.clear();
  }

  /** An answer is had without it, too. */
  #tryToWriteUses(): void {
    try {
      this.#change(() => this.#writeUses());
    } catch {
      this.#uses.clear();
    }
  }

  /** All of it or nothing. */
  #change<T>(work: () => T): T {
    const before = { entries: this.#entries, bytes: this.#bytes };
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      [this.#entries, this.#bytes] = [before.entries, before.bytes];
      // SQLite itself rolls back if the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
