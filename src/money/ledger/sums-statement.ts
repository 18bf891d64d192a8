import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { PICO_PER_MICRO } from '../pricing/money.ts';
import type { LedgerDimension, LedgerQuery } from './ledger.ts';
import type { Labels, Totals } from './totals.ts';

/** Where sums come from: single records, by when they ended, or the daily totals. */
export type Source = 'records' | 'days';

const LABEL_COLUMNS: Readonly<Record<Source, Readonly<Record<LedgerDimension, string>>>> = {
  records: {
    model: 'model',
    userId: 'user_id',
    projectId: 'project_id',
    outcome: 'outcome',
    target: 'target',
    day: "date(ended_at / 1000, 'unixepoch')",
  },
  days: {
    model: 'model',
    userId: 'user_id',
    projectId: 'project_id',
    outcome: 'outcome',
    target: 'target',
    day: 'day',
  },
};

const COUNTS: Readonly<Record<Source, string>> = {
  records: `count(*) AS attempts, sum(usage_estimated) AS estimated_attempts,
    sum(ifnull(unpriced, 0)) AS unpriced_attempts`,
  days: `sum(attempts) AS attempts, sum(estimated_attempts) AS estimated_attempts,
    sum(unpriced_attempts) AS unpriced_attempts`,
};

/** Money is added up in two parts, because SQLite's sums end at 2^63 as its numbers do. */
const TOTALS = `sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
  sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
  sum(reasoning_tokens) AS reasoning_tokens,
  sum(ifnull(pico_dollars, 0) / 1000000) AS micro_dollars,
  sum(ifnull(pico_dollars, 0) % 1000000) AS rest_pico_dollars`;

export interface SumsStatement {
  /** Its first two parameters are the range, inclusive and exclusive. */
  readonly sql: string;
  /** Its other parameters. */
  readonly values: readonly SQLInputValue[];
}

/** The statement that sums over a range. Whatever is not grouped by reads ''. */
export function sumsStatement(source: Source, query: LedgerQuery): SumsStatement {
  const columns = LABEL_COLUMNS[source];
  const labels = Object.entries(columns).map(([dimension, column]) =>
    query.groupBy.some((one) => one === dimension)
      ? `${column} AS ${dimension}`
      : `'' AS ${dimension}`,
  );
  const filters = (['model', 'userId', 'projectId'] as const).flatMap((dimension) => {
    const value = query[dimension];
    return value === undefined ? [] : [{ condition: `${columns[dimension]} = ?`, value }];
  });
  const time = source === 'records' ? 'ended_at' : 'day';
  const where = [`${time} >= ?`, `${time} < ?`, ...filters.map(({ condition }) => condition)];
  return {
    sql: `SELECT ${labels.join(', ')}, ${COUNTS[source]}, ${TOTALS} FROM ${source}
      WHERE ${where.join(' AND ')} GROUP BY 1, 2, 3, 4, 5, 6`,
    values: filters.map(({ value }) => value),
  };
}

/** A row of such a statement. Integers are bigints in it. */
export function groupRow(row: Record<string, SQLOutputValue>): Labels & Totals {
  return {
    model: String(row.model),
    userId: String(row.userId),
    projectId: String(row.projectId),
    outcome: String(row.outcome),
    target: String(row.target),
    day: String(row.day),
    attempts: Number(row.attempts),
    estimatedAttempts: Number(row.estimated_attempts),
    unpricedAttempts: Number(row.unpriced_attempts),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    cacheReadTokens: Number(row.cache_read_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    picoDollars: toBigInt(row.micro_dollars) * PICO_PER_MICRO + toBigInt(row.rest_pico_dollars),
  };
}

const toBigInt = (value: SQLOutputValue | undefined): bigint => BigInt(String(value));
