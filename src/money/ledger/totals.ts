import { DAY_MS } from '../../core/clock.ts';
import type { LedgerRecord, LedgerSum } from './ledger.ts';

/** What of them is counted in numbers. */
const COUNTS = [
  'attempts',
  'estimatedAttempts',
  'unpricedAttempts',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
] as const;

/** What is added up over records. */
export type Totals = Record<(typeof COUNTS)[number], number> & { picoDollars: bigint };

export type Labels = Omit<LedgerSum, keyof Totals>;

export const NO_LABELS: Labels = {
  model: '',
  userId: '',
  projectId: '',
  outcome: '',
  target: '',
  day: '',
};

export function noTotals(): Totals {
  return {
    attempts: 0,
    estimatedAttempts: 0,
    unpricedAttempts: 0,
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    picoDollars: 0n,
  };
}

export function addTotals(sum: Totals, more: Totals): void {
  for (const name of COUNTS) sum[name] += more[name];
  sum.picoDollars += more.picoDollars;
}

/** Totals by their labels. */
export class Groups {
  readonly #groups = new Map<string, Labels & Totals>();

  values(): Iterable<Labels & Totals> {
    return this.#groups.values();
  }

  add(labels: Labels, totals: Totals): void {
    const key = keyOf(labels);
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { ...labels, ...totals });
    else addTotals(group, totals);
  }

  /** Takes out what was in it before. */
  subtract(groups: Iterable<Labels & Totals>): void {
    for (const group of groups) {
      this.add(group, negative(group));
      const key = keyOf(group);
      if (this.#groups.get(key)?.attempts === 0) this.#groups.delete(key);
    }
  }
}

function keyOf({ day, model, userId, projectId, target, outcome }: Labels): string {
  return `${day}\0${model}\0${userId}\0${projectId}\0${target}\0${outcome}`;
}

function negative(totals: Totals): Totals {
  const sum = { ...totals, picoDollars: -totals.picoDollars };
  for (const name of COUNTS) sum[name] = -totals[name];
  return sum;
}

/** The group of the daily totals that a record counts in, and what it adds to it. */
export function dailyShare(record: LedgerRecord): [Labels, Totals] {
  const { usage, cost } = record;
  const labels = {
    day: dayOf(record.endedAt),
    model: record.model,
    userId: record.userId,
    projectId: record.projectId,
    target: record.upstream,
    outcome: record.outcome,
  };
  const totals = {
    attempts: 1,
    estimatedAttempts: usage.estimated ? 1 : 0,
    unpricedAttempts: cost?.unpriced ? 1 : 0,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadTokens,
    cacheWriteTokens: usage.cacheWriteTokens,
    reasoningTokens: usage.reasoningTokens,
    picoDollars: cost?.picoDollars ?? 0n,
  };
  return [labels, totals];
}

/** The day in UTC, as ISO 8601. */
export function dayOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** The midnight UTC at which the day of `epochMs` begins. */
export function startOfDay(epochMs: number): number {
  return Math.floor(epochMs / DAY_MS) * DAY_MS;
}

/** The midnight UTC at which it ends. */
export function endOfDay(epochMs: number): number {
  return startOfDay(epochMs) + DAY_MS;
}
