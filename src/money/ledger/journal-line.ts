import { parseWhole } from '../../core/bigint.ts';
import { isObject } from '../../core/is-object.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import type { LedgerOpening } from './ledger.ts';
import type { StoredRecord } from './record-rows.ts';

/**
 * A line of the journal: a JSON array, which no part of it is, so that a line that was not written
 * whole is known by that. Attempts go by a number of their own: the opening comes first.
 */
export type JournalLine =
  /** First line of every segment. */
  | { readonly type: 'journal'; readonly version: number }
  | { readonly type: 'opened'; readonly number: number; readonly opening: LedgerOpening }
  | ProgressLine
  /** Settled, but the database would not take it. */
  | { readonly type: 'settled'; readonly number: number; readonly stored: StoredRecord }
  /** In the database, or void: there is nothing to recover. */
  | { readonly type: 'done'; readonly numbers: readonly number[] }
  /** An upstream keeps an answer. */
  | { readonly type: 'kept'; readonly place: AnswerPlace }
  /** It is deleted. */
  | { readonly type: 'gone'; readonly id: string };

export interface ProgressLine {
  readonly type: 'progress';
  /** Epoch ms. */
  readonly now: number;
  /** Output tokens so far. */
  readonly tokens: readonly (readonly [number: number, outputTokens: number])[];
}

export const JOURNAL_VERSION = 1;

export function writeLine(line: JournalLine): string {
  return `${JSON.stringify(toFields(line))}\n`;
}

function toFields(line: JournalLine): readonly unknown[] {
  switch (line.type) {
    case 'journal':
      return ['journal', line.version];
    case 'opened':
      return ['opened', line.number, flattenOpening(line.opening)];
    case 'progress':
      return ['progress', line.now, line.tokens];
    case 'settled':
      return ['settled', line.number, flattenRecord(line.stored)];
    case 'done':
      return ['done', line.numbers];
    case 'kept':
      return ['kept', line.place];
    case 'gone':
      return ['gone', line.id];
  }
}

/** Undefined if it is not a whole line of a journal. */
export function readLine(text: string): JournalLine | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    return Array.isArray(fields) ? fromFields(fields) : undefined;
  } catch {
    return undefined;
  }
}

/** What is whole was written here, but its bytes may have been spoiled since. */
function fromFields([type, first, second]: unknown[]): JournalLine | undefined {
  switch (type) {
    case 'journal':
      return { type, version: Number(first) };
    case 'opened': {
      const opening = raiseOpening(second as FlatOpening);
      return isOpening(opening) ? { type, number: Number(first), opening } : undefined;
    }
    case 'progress':
      return isNumber(first) && isProgress(second)
        ? { type, now: Number(first), tokens: second }
        : undefined;
    case 'settled': {
      const stored = raiseRecord(second as FlatRecord);
      return isStored(stored) ? { type, number: Number(first), stored } : undefined;
    }
    case 'done':
      return isList(first) ? { type, numbers: first as number[] } : undefined;
    case 'kept':
      return isPlace(first) ? { type, place: first } : undefined;
    case 'gone':
      return { type, id: String(first) };
    default:
      return undefined;
  }
}

const WHO = ['callId', 'traceId', 'upstream', 'model', 'userId', 'projectId'] as const;
const COUNTS = [
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
] as const;

function isOpening(opening: LedgerOpening): boolean {
  const { attempt, prices } = opening;
  return (
    areAll(isText, opening, [...WHO, 'catalogueVersion']) &&
    areAll(isNumber, opening, ['inputTokens', 'startedAt']) &&
    isCount(attempt) &&
    (prices === undefined || areAll(isAmount, prices, ['input', 'output']))
  );
}

function isStored({ openedAt, record }: StoredRecord): boolean {
  const { attempt, usage, cost } = record;
  return (
    areAll(isText, record, [...WHO, 'serviceTier', 'outcome']) &&
    areAll(isNumber, { ...record, openedAt }, ['openedAt', 'startedAt', 'endedAt']) &&
    isCount(attempt) &&
    areAll(isNumber, usage, COUNTS) &&
    areAll(isFlag, usage, ['estimated']) &&
    (cost === undefined || isCost(cost))
  );
}

function isCost(cost: NonNullable<StoredRecord['record']['cost']>): boolean {
  return (
    isAmount(cost.picoDollars) &&
    isText(cost.catalogueVersion) &&
    areAll(isFlag, cost, ['estimated', 'unpriced'])
  );
}

function isPlace(value: unknown): value is AnswerPlace & Record<string, unknown> {
  return (
    isObject(value) && areAll(isText, value, ['id', 'upstream', 'endpoint']) && isCount(value.key)
  );
}

function isProgress(value: unknown): value is ProgressLine['tokens'] {
  return isList(value) && value.every((pair) => isList(pair) && pair.every(isNumber));
}

type Check = (value: unknown) => boolean;

function areAll<Fields>(check: Check, fields: Fields, names: readonly (keyof Fields)[]): boolean {
  return names.every((name) => check(fields[name]));
}

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isAmount: Check = (value) => typeof value === 'bigint' && value >= 0n;

/** The last epoch ms of which there is a date. The database and a bigint hold as much, and not Infinity or NaN. */
const MOST = 8.64e15;
/** Below 0 there is neither: of a first digit a minus may have become, and such an attempt would give money back. */
const isNumber: Check = (value) => typeof value === 'number' && value >= 0 && value <= MOST;
const isCount: Check = (value) => isNumber(value) && Number.isInteger(value);

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** JSON has no bigints, and leaves out what is undefined. */
type FlatOpening = Omit<LedgerOpening, 'prices'> & {
  readonly prices?: { readonly input: string; readonly output: string } | undefined;
};

type FlatRecord = Omit<StoredRecord, 'record'> & {
  readonly record: Omit<StoredRecord['record'], 'cost'> & {
    readonly cost?:
      | (Omit<NonNullable<StoredRecord['record']['cost']>, 'picoDollars'> & {
          readonly picoDollars: string;
        })
      | undefined;
  };
};

function flattenOpening(opening: LedgerOpening): FlatOpening {
  const { prices } = opening;
  return {
    ...opening,
    prices: prices && { input: String(prices.input), output: String(prices.output) },
  };
}

function raiseOpening({ prices, ...same }: FlatOpening): LedgerOpening {
  if (prices === undefined) return same;
  return {
    ...same,
    prices: { input: parseWhole(prices.input), output: parseWhole(prices.output) },
  };
}

function flattenRecord({ openedAt, record }: StoredRecord): FlatRecord {
  const { cost } = record;
  return {
    openedAt,
    record: { ...record, cost: cost && { ...cost, picoDollars: String(cost.picoDollars) } },
  };
}

function raiseRecord({ openedAt, record }: FlatRecord): StoredRecord {
  const { cost, ...same } = record;
  if (cost === undefined) return { openedAt, record: same };
  return {
    openedAt,
    record: { ...same, cost: { ...cost, picoDollars: parseWhole(cost.picoDollars) } },
  };
}
