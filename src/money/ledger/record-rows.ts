import type { SQLInputValue } from 'node:sqlite';
import { MOST_MONEY } from '../pricing/money.ts';
import type { LedgerRecord } from './ledger.ts';
import type { Labels, Totals } from './totals.ts';

/** A record, and when its attempt was opened: with the call's id and the attempt's number its key. */
export interface StoredRecord {
  /** Epoch ms. */
  readonly openedAt: number;
  readonly record: LedgerRecord;
}

const RECORD_COLUMNS = 22;

/** Takes `recordValues`; a record that is there already is left alone. */
export const INSERT_RECORD = `INSERT INTO records VALUES (${Array(RECORD_COLUMNS).fill('?').join(', ')})
  ON CONFLICT DO NOTHING`;

/** Takes `dayValues`. Money ends at the most: a sum that does not fit would be refused, and all that comes with it. */
export const ADD_TO_DAY = `INSERT INTO days VALUES (${Array(15).fill('?').join(', ')})
  ON CONFLICT DO UPDATE SET
    attempts = attempts + excluded.attempts,
    estimated_attempts = estimated_attempts + excluded.estimated_attempts,
    unpriced_attempts = unpriced_attempts + excluded.unpriced_attempts,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    pico_dollars = min(pico_dollars, ${MOST_MONEY} - excluded.pico_dollars) + excluded.pico_dollars`;

export function recordValues({ openedAt, record }: StoredRecord): SQLInputValue[] {
  const { usage, cost } = record;
  return [
    Math.floor(openedAt),
    record.callId,
    record.attempt,
    record.traceId,
    Math.floor(record.startedAt),
    Math.floor(record.endedAt),
    record.upstream,
    record.model,
    record.userId,
    record.projectId,
    record.serviceTier,
    record.outcome,
    whole(usage.inputTokens),
    whole(usage.outputTokens),
    whole(usage.cacheReadTokens),
    whole(usage.cacheWriteTokens),
    whole(usage.reasoningTokens),
    Number(usage.estimated),
    cost === undefined ? null : money(cost.picoDollars),
    cost === undefined ? null : Number(cost.estimated),
    cost === undefined ? null : Number(cost.unpriced),
    cost?.catalogueVersion ?? null,
  ];
}

export function dayValues(group: Labels & Totals): SQLInputValue[] {
  return [
    group.day,
    group.model,
    group.userId,
    group.projectId,
    group.target,
    group.outcome,
    group.attempts,
    group.estimatedAttempts,
    group.unpricedAttempts,
    whole(group.inputTokens),
    whole(group.outputTokens),
    whole(group.cacheReadTokens),
    whole(group.cacheWriteTokens),
    whole(group.reasoningTokens),
    money(group.picoDollars),
  ];
}

/** Estimates may come in fractions of a token. */
const whole = Math.round;

const money = (picoDollars: bigint): bigint =>
  picoDollars > MOST_MONEY ? MOST_MONEY : picoDollars;
