import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import {
  type Batch,
  type BatchList,
  type BatchListQuery,
  type BatchState,
  type NewBatch,
  UNFINISHED,
} from './batch.ts';
import { Statements } from './statements.ts';

const COLUMNS = `b.*, (SELECT json_group_array(upstream_batch_id ORDER BY p.number) FROM batch_parts p
  WHERE p.batch = b.number AND p.upstream_batch_id <> '') AS upstream_batch_ids`;

const INSERT = `INSERT INTO batches
  (id, owner, idempotency_key, display_name, metadata, state, execution, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?, 'receiving', 'local', ?, ?)`;

/** What came of it: what is complete is that, however it came to its end. */
const FINISH = `UPDATE batches SET finished_at = ?, state = CASE
    WHEN failed = 0 THEN 'completed'
    WHEN state = 'cancelling' THEN 'cancelled'
    WHEN expired THEN 'expired'
    WHEN completed = 0 THEN 'failed'
    ELSE 'partial' END
  WHERE id = ? AND state IN (SELECT value FROM json_each(?))`;

const DELETE_ROWS = (table: string) =>
  `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE batch = ? LIMIT ?)`;

/** The batches themselves. Every method throws what SQLite throws. */
export class BatchTable {
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#statements = new Statements(database);
  }

  /** In the state `receiving`. @returns its number */
  insert(batch: NewBatch): number {
    const { lastInsertRowid } = this.#statements.run(
      INSERT,
      batch.id,
      batch.owner,
      batch.idempotencyKey || null,
      batch.displayName,
      JSON.stringify(batch.metadata),
      Math.floor(batch.createdAt),
      Math.floor(batch.expiresAt),
    );
    return Number(lastInsertRowid);
  }

  numberOf(id: string): number | undefined {
    const row = this.#statements.get('SELECT number FROM batches WHERE id = ?', id);
    return row === undefined ? undefined : Number(row.number);
  }

  get(id: string): Batch | undefined {
    return this.#one('b.id = ?', id);
  }

  byKey(owner: string, key: string): Batch | undefined {
    return this.#one('b.owner = ? AND b.idempotency_key = ?', owner, key);
  }

  /** Newest first. Those that are being received are not listed. */
  list({ owner, state, before, limit }: BatchListQuery): BatchList {
    const conditions = [`b.state <> 'receiving'`];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('b.owner = ?', owner);
    where('b.state = ?', state);
    where('b.number < ?', before);
    const rows = this.#statements.all(
      `SELECT ${COLUMNS} FROM batches b WHERE ${conditions.join(' AND ')}
       ORDER BY b.number DESC LIMIT ?`,
      ...values,
      limit + 1,
    );
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? page.at(-1)?.number : undefined;
    return { batches: page.map(toBatch), ...(next !== undefined && { next: Number(next) }) };
  }

  /** Oldest first. */
  unfinished(): readonly Batch[] {
    const states = UNFINISHED.map((state) => `'${state}'`).join(', ');
    return this.#statements
      .all(`SELECT ${COLUMNS} FROM batches b WHERE b.state IN (${states}) ORDER BY b.number`)
      .map(toBatch);
  }

  /** Ids of those that ended before `cutoff` (epoch ms), and of those whose receipt was broken off. */
  expendable(cutoff: number, receiving: boolean): readonly string[] {
    return this.#statements
      .all(
        `SELECT id FROM batches WHERE finished_at < ? OR (? AND state = 'receiving')`,
        Math.floor(cutoff),
        Number(receiving),
      )
      .map(({ id }) => String(id));
  }

  changeState(id: string, to: BatchState, from: readonly BatchState[]): void {
    this.#statements.run(
      'UPDATE batches SET state = ? WHERE id = ? AND state IN (SELECT value FROM json_each(?))',
      to,
      id,
      JSON.stringify(from),
    );
  }

  finish(id: string, at: number): void {
    this.#statements.run(FINISH, Math.floor(at), id, JSON.stringify(UNFINISHED));
  }

  update(id: string, fields: Readonly<Record<string, SQLInputValue>>): void {
    const names = Object.keys(fields);
    const set = names.map((name) => `${name} = ?`).join(', ');
    this.#statements.run(`UPDATE batches SET ${set} WHERE id = ?`, ...Object.values(fields), id);
  }

  /** Deletes at most `limit` rows that belong to it, and itself when there are no more. Whether it is gone. */
  delete(number: number, limit: number): boolean {
    for (const table of ['batch_results', 'batch_items']) {
      const { changes } = this.#statements.run(DELETE_ROWS(table), number, limit);
      if (Number(changes) >= limit) return false;
    }
    this.#statements.run('DELETE FROM batch_parts WHERE batch = ?', number);
    this.#statements.run('DELETE FROM batches WHERE number = ?', number);
    return true;
  }

  #one(condition: string, ...values: SQLInputValue[]): Batch | undefined {
    const row = this.#statements.get(
      `SELECT ${COLUMNS} FROM batches b WHERE ${condition}`,
      ...values,
    );
    return row && toBatch(row);
  }
}

function toBatch(row: Record<string, SQLOutputValue>): Batch {
  const number = (name: string) => Number(row[name]);
  const text = (name: string) => String(row[name]);
  const used = number('input_tokens') + number('output_tokens') > 0;
  return {
    id: text('id'),
    owner: text('owner'),
    idempotencyKey: row.idempotency_key === null ? '' : text('idempotency_key'),
    displayName: text('display_name'),
    metadata: JSON.parse(text('metadata')),
    state: text('state') as Batch['state'],
    execution: text('execution') as Batch['execution'],
    createdAt: number('created_at'),
    expiresAt: number('expires_at'),
    ...(row.finished_at === null ? {} : { finishedAt: number('finished_at') }),
    counts: {
      total: number('total'),
      completed: number('completed'),
      failed: number('failed'),
    },
    ...(used && {
      usage: {
        inputTokens: number('input_tokens'),
        outputTokens: number('output_tokens'),
        totalTokens: number('input_tokens') + number('output_tokens'),
        cacheReadTokens: number('cache_read_tokens'),
        cacheWriteTokens: number('cache_write_tokens'),
        reasoningTokens: number('reasoning_tokens'),
        estimated: number('usage_estimated') > 0,
      },
    }),
    ...(row.pico_dollars === null
      ? {}
      : {
          cost: {
            picoDollars: BigInt(row.pico_dollars as bigint),
            catalogueVersion: text('catalogue_version'),
            estimated: number('cost_estimated') > 0,
            unpriced: number('unpriced') > 0,
          },
        }),
    problems: JSON.parse(text('problems')),
    upstreamBatchIds: JSON.parse(text('upstream_batch_ids')),
  };
}
