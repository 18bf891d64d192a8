import { randomUUID } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { UNFINISHED } from '../batches/batch.ts';
import { databasePath, takeDirectory } from '../store/directory.ts';
import { LedgerError } from '../store/ledger-error.ts';
import { StoreDatabase } from '../store/store-database.ts';
import { ADD_TO_DAY } from './record-rows.ts';
import { RecordStore } from './record-store.ts';
import { recover } from './recover.ts';

/** Whose data is to go. */
export interface Forgotten {
  readonly kind: 'user' | 'project';
  /** As calls name it in their metadata. */
  readonly id: string;
}

export interface ErasedRows {
  /** Records of attempts whose owner nobody can tell any more. */
  readonly records: number;
  /** Sums of days, likewise. */
  readonly days: number;
}

const COLUMN = { user: 'user_id', project: 'project_id' } as const;

/** Keys of metadata under which it may stand in a batch. */
const METADATA_KEYS = {
  user: ['user_id', 'userId'],
  project: ['project_id', 'projectId'],
} as const;

/**
 * Takes a user or project out of a ledger that no sidecar uses. What was spent stays, as spent by
 * nobody: budgets of everybody, and the upstream's bill, would not add up without it.
 */
export class LedgerEraser {
  readonly #database: StoreDatabase;
  readonly #release: () => void;

  /**
   * Books what the journal of a process that died has, and so ends the journal, but for what it says of
   * answers that upstreams keep.
   *
   * @throws LedgerError if a sidecar has the directory
   */
  constructor(directory: string) {
    this.#release = takeDirectory(directory);
    let database: StoreDatabase | undefined;
    try {
      database = new StoreDatabase(databasePath(directory));
      // What is deleted or replaced is overwritten with zeros.
      database.connection.exec('PRAGMA secure_delete = ON');
      recover(directory, new RecordStore(database));
      this.#database = database;
    } catch (error) {
      database?.close();
      this.#release();
      throw error;
    }
  }

  /**
   * Ids of the batches that are its own, or have one request that is.
   *
   * @throws LedgerError if one of them is still worked off
   */
  batches({ kind, id }: Forgotten): readonly string[] {
    const keys = METADATA_KEYS[kind].map((key) => `'${key}'`).join(', ');
    const owned = kind === 'project' ? 'b.owner = :id OR' : '';
    const rows = this.#database
      .prepare(`SELECT b.id, b.state FROM batches b WHERE ${owned}
        EXISTS (SELECT 1 FROM json_each(b.metadata) m WHERE m.key IN (${keys}) AND m.value = :id)
        OR EXISTS (SELECT 1 FROM batch_items i WHERE i.batch = b.number AND i.${COLUMN[kind]} = :id)`)
      .all({ id });
    const running = rows.find(({ state }) => UNFINISHED.some((one) => one === state));
    if (running !== undefined) {
      throw new LedgerError(
        `the batch ${running.id} has not ended: cancel it first, and let it end`,
      );
    }
    return rows.map((row) => String(row.id));
  }

  deleteBatches(ids: readonly string[]): void {
    const number = 'SELECT number FROM batches WHERE id IN (SELECT value FROM json_each(?))';
    this.#database.transaction(() => {
      for (const table of ['batch_results', 'batch_items', 'batch_parts']) {
        this.#run(`DELETE FROM ${table} WHERE batch IN (${number})`, JSON.stringify(ids));
      }
      this.#run(
        'DELETE FROM batches WHERE id IN (SELECT value FROM json_each(?))',
        JSON.stringify(ids),
      );
    });
  }

  erase({ kind, id }: Forgotten): ErasedRows {
    const column = COLUMN[kind];
    return this.#database.transaction(() => {
      const records = this.#eraseRecords(column, id);
      const days = this.#eraseDays(column, id);
      return { records, days };
    });
  }

  /** Leaves nothing behind in the files of the database. */
  close(): void {
    try {
      this.#database.connection.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#database.close();
      this.#release();
    }
  }

  /** The ids of calls and traces go, too: whoever has them in a log would find the record by them. */
  #eraseRecords(column: string, id: string): number {
    const rows = this.#database
      .prepare(`SELECT opened_at, call_id, attempt FROM records WHERE ${column} = ?`)
      .all(id);
    const update = this.#database.prepare(`UPDATE records SET ${column} = '', trace_id = '',
      call_id = ? WHERE opened_at = ? AND call_id = ? AND attempt = ?`);
    for (const { opened_at, call_id, attempt } of rows) {
      update.run(`forgotten-${randomUUID()}`, ...values([opened_at, call_id, attempt]));
    }
    return rows.length;
  }

  #eraseDays(column: string, id: string): number {
    const select = this.#database.prepare(`SELECT * FROM days WHERE ${column} = ?`);
    select.setReadBigInts(true);
    const rows = select.all(id);
    this.#run(`DELETE FROM days WHERE ${column} = ?`, id);
    const add = this.#database.prepare(ADD_TO_DAY);
    for (const row of rows) add.run(...values(Object.values({ ...row, [column]: '' })));
    return rows.length;
  }

  #run(statement: string, ...parameters: SQLInputValue[]): void {
    this.#database.prepare(statement).run(...parameters);
  }
}

function values(columns: readonly unknown[]): SQLInputValue[] {
  return columns as SQLInputValue[];
}
