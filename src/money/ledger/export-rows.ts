import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { formatDollars } from '../pricing/money.ts';
import { databasePath } from '../store/directory.ts';
import { LedgerError, messageOf } from '../store/ledger-error.ts';
import { refuseNewer, SCHEMA_VERSION, schemaVersion } from '../store/schema.ts';

/** What is exported of a record, in this order. */
export const EXPORT_COLUMNS = [
  'ended_at',
  'started_at',
  'call_id',
  'attempt',
  'trace_id',
  'target',
  'model',
  'user_id',
  'project_id',
  'service_tier',
  'outcome',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'usage_estimated',
  'cost_usd',
  'cost_estimated',
  'unpriced',
  'catalogue_version',
] as const;

/** Times are ISO 8601 in UTC, dollars exact decimals; null: costs were not tracked. */
export type ExportRow = Readonly<
  Record<(typeof EXPORT_COLUMNS)[number], string | number | boolean | null>
>;

/** Records that ended in a time range. */
export interface ExportRange {
  /** Epoch ms, inclusive. Absent: from the beginning. */
  readonly from?: number;
  /** Epoch ms, exclusive. Absent: until now. */
  readonly until?: number;
}

const SELECT = 'SELECT * FROM records WHERE ended_at >= ? AND ended_at < ? ORDER BY ended_at';

/** How long somebody who changes the schema is waited for. */
const TIMEOUT_MS = 5_000;

/**
 * The records of a ledger in order of their end, one at a time. Writes nothing, and sees the ledger
 * as it is at the first row while a sidecar goes on writing.
 *
 * @throws LedgerError if there is no ledger in the directory, or one of another version.
 */
export function* exportRows(directory: string, range: ExportRange): Generator<ExportRow> {
  const database = openForReading(directory);
  try {
    checkVersion(database);
    const { from = 0, until = Number.MAX_SAFE_INTEGER } = range;
    const statement = database.prepare(SELECT);
    statement.setReadBigInts(true);
    for (const row of statement.iterate(from, until)) yield exportRow(row);
  } catch (cause) {
    throw cannotBeRead(directory, cause);
  } finally {
    database.close();
  }
}

function openForReading(directory: string): DatabaseSync {
  const path = databasePath(directory);
  if (!existsSync(path)) throw new LedgerError(`There is no ledger in ${directory}.`);
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: TIMEOUT_MS });
  } catch (cause) {
    throw cannotBeRead(directory, cause);
  }
}

function checkVersion(database: DatabaseSync): void {
  const version = schemaVersion(database);
  refuseNewer(version);
  if (version < SCHEMA_VERSION) {
    throw new LedgerError('an older version wrote it; start this one on it once');
  }
}

function cannotBeRead(directory: string, cause: unknown): LedgerError {
  return new LedgerError(`The ledger in ${directory} cannot be read: ${messageOf(cause)}.`, {
    cause,
  });
}

function exportRow(row: Record<string, SQLOutputValue>): ExportRow {
  return {
    ended_at: time(row.ended_at),
    started_at: time(row.started_at),
    call_id: String(row.call_id),
    attempt: Number(row.attempt),
    trace_id: String(row.trace_id),
    target: String(row.target),
    model: String(row.model),
    user_id: String(row.user_id),
    project_id: String(row.project_id),
    service_tier: String(row.service_tier),
    outcome: String(row.outcome),
    input_tokens: Number(row.input_tokens),
    output_tokens: Number(row.output_tokens),
    cache_read_tokens: Number(row.cache_read_tokens),
    cache_write_tokens: Number(row.cache_write_tokens),
    reasoning_tokens: Number(row.reasoning_tokens),
    usage_estimated: row.usage_estimated === 1n,
    ...exportCost(row),
  };
}

function exportCost(row: Record<string, SQLOutputValue>) {
  const { pico_dollars: picoDollars } = row;
  if (typeof picoDollars !== 'bigint') {
    return { cost_usd: null, cost_estimated: null, unpriced: null, catalogue_version: null };
  }
  return {
    cost_usd: formatDollars(picoDollars),
    cost_estimated: row.cost_estimated === 1n,
    unpriced: row.unpriced === 1n,
    catalogue_version: String(row.catalogue_version),
  };
}

function time(value: SQLOutputValue | undefined): string {
  return new Date(Number(value)).toISOString();
}
