import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { BatchPart, NewPart } from './batch.ts';
import { Statements } from './statements.ts';

/** What changes of a part. */
export type PartChange = Partial<
  Pick<BatchPart, 'state' | 'since' | 'size' | 'fileId' | 'upstreamBatchId' | 'key'>
>;

const COLUMN: Readonly<Record<keyof PartChange, string>> = {
  state: 'state',
  since: 'since',
  size: 'size',
  fileId: 'file_id',
  upstreamBatchId: 'upstream_batch_id',
  key: 'key',
};

/** Parts of batches. Every method throws what SQLite throws. */
export class PartTable {
  readonly #statements: Statements;

  constructor(database: DatabaseSync) {
    this.#statements = new Statements(database);
  }

  insert(batch: number, part: NewPart): void {
    this.#statements.run(
      `INSERT INTO batch_parts (batch, number, execution, upstream, endpoint, model, model_id, file)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      batch,
      part.number,
      part.execution,
      part.upstream,
      part.endpoint,
      part.model,
      part.modelId,
      part.file,
    );
  }

  list(batch: number): readonly BatchPart[] {
    return this.#statements
      .all('SELECT * FROM batch_parts WHERE batch = ? ORDER BY number', batch)
      .map(toPart);
  }

  update(batch: number, number: number, change: PartChange): void {
    const names = Object.keys(change) as (keyof PartChange)[];
    const set = names.map((name) => `${COLUMN[name]} = ?`).join(', ');
    this.#statements.run(
      `UPDATE batch_parts SET ${set} WHERE batch = ? AND number = ?`,
      ...names.map((name) => change[name] ?? null),
      batch,
      number,
    );
  }
}

function toPart(row: Record<string, SQLOutputValue>): BatchPart {
  const number = (name: string) => Number(row[name]);
  const text = (name: string) => String(row[name]);
  return {
    number: number('number'),
    execution: text('execution') as BatchPart['execution'],
    upstream: text('upstream'),
    endpoint: text('endpoint'),
    model: text('model'),
    modelId: text('model_id'),
    file: text('file'),
    state: text('state') as BatchPart['state'],
    since: number('since'),
    size: number('size'),
    fileId: text('file_id'),
    upstreamBatchId: text('upstream_batch_id'),
    key: text('key'),
  };
}
