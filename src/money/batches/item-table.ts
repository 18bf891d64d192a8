import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { BatchResult, NewItem, NewResult, OpenItem, Owed, SettledItem } from './batch.ts';
import { Statements } from './statements.ts';

const INSERT = `INSERT INTO batch_items (batch, number, custom_id, part, offset, length, user_id,
  project_id, most, input_tokens, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

const OPEN = `SELECT * FROM batch_items WHERE batch = ? AND part = ? AND sequence IS NULL`;

/** As much of results as is read at once, in characters: one of them may have megabytes. */
const MAX_RESULTS_LENGTH = 1_000_000;

/** Requests of batches, and what became of them. Every method throws what SQLite throws. */
export class ItemTable {
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#statements = new Statements(database);
  }

  /** False: there is one with its custom_id. */
  insert(batch: number, item: NewItem): boolean {
    const { changes } = this.#statements.run(
      INSERT,
      batch,
      item.number,
      item.customId,
      item.part,
      item.offset,
      item.length,
      item.userId,
      item.projectId,
      item.most ?? null,
      Math.round(item.inputTokens),
      item.context,
    );
    return Number(changes) > 0;
  }

  /** Of a part, without a result, in order of arrival behind the item of number `after`. */
  open(batch: number, part: number, after: number, limit: number): readonly OpenItem[] {
    return this.#statements
      .all(`${OPEN} AND number > ? ORDER BY number LIMIT ?`, batch, part, after, limit)
      .map(toItem);
  }

  /** Of a part, without a result: of all spenders, or of one. */
  openIds(
    batch: number,
    part: number,
    limit: number,
    spender?: Omit<Owed, 'most'>,
  ): readonly string[] {
    const { userId = null, projectId = null } = spender ?? {};
    const sql = `SELECT custom_id FROM batch_items WHERE batch = ? AND part = ? AND sequence IS NULL
      AND (? IS NULL OR (user_id = ? AND project_id = ?)) ORDER BY number LIMIT ?`;
    return this.#statements
      .all(sql, batch, part, userId, userId, projectId, limit)
      .map(({ custom_id }) => String(custom_id));
  }

  /** Those of these that have no result. */
  find(batch: number, customIds: readonly string[]): readonly OpenItem[] {
    const sql = 'SELECT * FROM batch_items WHERE batch = ? AND custom_id = ? AND sequence IS NULL';
    return customIds.flatMap((customId) => {
      const row = this.#statements.get(sql, batch, customId);
      return row === undefined ? [] : [toItem(row)];
    });
  }

  /** Of a part, without a result. */
  count(batch: number, part: number): { readonly items: number; readonly bytes: number } {
    const row = this.#statements.get(
      `SELECT count(*) AS items, coalesce(sum(length + 1), 0) AS bytes FROM batch_items
       WHERE batch = ? AND part = ? AND sequence IS NULL`,
      batch,
      part,
    );
    return { items: Number(row?.items), bytes: Number(row?.bytes) };
  }

  owed(batch: number, part: number): readonly Owed[] {
    return this.#statements
      .all(
        `SELECT user_id, project_id, coalesce(sum(most), 0) AS most FROM batch_items
         WHERE batch = ? AND part = ? AND sequence IS NULL GROUP BY user_id, project_id`,
        batch,
        part,
      )
      .map((row) => ({ ...spenderOf(row), most: row.most as bigint }));
  }

  /** The later half of what is open goes to another part. */
  moveHalf(batch: number, part: number, to: number): void {
    const { items } = this.count(batch, part);
    this.#statements.run(
      `UPDATE batch_items SET part = ? WHERE batch = ? AND part = ? AND sequence IS NULL AND number >
       (SELECT number FROM batch_items WHERE batch = ? AND part = ? AND sequence IS NULL
        ORDER BY number LIMIT 1 OFFSET ?)`,
      to,
      batch,
      part,
      batch,
      part,
      Math.ceil(items / 2) - 1,
    );
  }

  /** Undefined: there is no such item, or it has a result. */
  settle(
    batch: number,
    sequence: number,
    { customId, result }: NewResult,
  ): SettledItem | undefined {
    const row = this.#statements.get(
      `UPDATE batch_items SET sequence = ?, context = ''
       WHERE batch = ? AND custom_id = ? AND sequence IS NULL RETURNING user_id, project_id, most`,
      sequence,
      batch,
      customId,
    );
    if (row === undefined) return undefined;
    const values: SQLInputValue[] = [batch, sequence, customId, result];
    this.#statements.run('INSERT INTO batch_results VALUES (?, ?, ?, ?)', ...values);
    return { customId, ...spenderOf(row), most: (row.most ?? 0n) as bigint };
  }

  /** In order, behind `after`: as many as fit a megabyte, one at least. */
  results(batch: number, after: number, limit: number): readonly BatchResult[] {
    const found: BatchResult[] = [];
    let length = 0;
    const rows = this.#statements.iterate(
      `SELECT sequence, custom_id, result FROM batch_results WHERE batch = ? AND sequence > ?
       ORDER BY sequence LIMIT ?`,
      batch,
      after,
      limit,
    );
    for (const row of rows) {
      const result = String(row.result);
      found.push({ sequence: Number(row.sequence), customId: String(row.custom_id), result });
      length += result.length;
      if (length >= MAX_RESULTS_LENGTH) break;
    }
    return found;
  }
}

function spenderOf(row: Record<string, SQLOutputValue>) {
  return { userId: String(row.user_id), projectId: String(row.project_id) };
}

function toItem(row: Record<string, SQLOutputValue>): OpenItem {
  return {
    number: Number(row.number),
    customId: String(row.custom_id),
    offset: Number(row.offset),
    length: Number(row.length),
    ...spenderOf(row),
    ...(row.most === null ? {} : { most: row.most as bigint }),
    inputTokens: Number(row.input_tokens),
    context: String(row.context),
  };
}
