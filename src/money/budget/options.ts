import type { BudgetPeriod, BudgetScope } from '../../core/budget-state.ts';

/** A limit to what calls may cost. With a scope other than `all`, each subject has its own. */
export interface BudgetDefinition {
  /** Unique among the budgets. */
  readonly name: string;
  readonly scope: BudgetScope;
  /** Subjects it is for, with `*` and `?`. A call of another subject is not counted. */
  readonly match: string;
  /** Pico-dollars, above 0. */
  readonly limit: bigint;
  readonly period: BudgetPeriod;
  /** Shares of the limit, in (0, 1], ascending; each raises one alert per period. */
  readonly alertThresholds: readonly number[];
}

/** Whether two definitions count the same money, whatever their limits and alerts. */
export function countsTheSame(one: BudgetDefinition, other: BudgetDefinition): boolean {
  return countedBy(one) === countedBy(other);
}

/** What a definition counts, as one text. */
export function countedBy({ name, scope, match, period }: BudgetDefinition): string {
  return JSON.stringify([name, scope, match, period]);
}

/** What may be spent, and how calls wait for it. */
export interface BudgetOptions {
  /** A call must fit all that apply to it. */
  readonly budgets: readonly BudgetDefinition[];
  /** The output limit of a call is not lowered below it to make the call affordable. In tokens. */
  readonly minOutputTokens: number;
  /** Longest wait of an attempt for others to give back what a budget lacks, in ms. Default: 60,000. */
  readonly maxWaitMs?: number;
}

export const DEFAULT_MAX_WAIT_MS = 60_000;
