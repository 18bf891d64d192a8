import { dayOf, type Labels, NO_LABELS, type Totals } from '../money/ledger/totals.ts';

/** Pico-dollars are kept in two parts, for a number in Lua ends at 2^53. */
const PICO_PER_MICRO = 1_000_000n;

/** How a group's labels stand in the server: its day is that of the hash. */
export function fieldOf({ model, userId, projectId, target, outcome }: Labels): string {
  return JSON.stringify([model, userId, projectId, target, outcome]);
}

/** @param midnight epoch ms */
export function labelsOf(field: string, midnight: number): Labels {
  const [model, userId, projectId, target, outcome] = JSON.parse(field) as FieldLabels;
  return { ...NO_LABELS, day: dayOf(midnight), model, userId, projectId, target, outcome };
}

type FieldLabels = [string, string, string, string, string];

export function countersOf(totals: Totals): string {
  return [
    totals.attempts,
    totals.estimatedAttempts,
    totals.unpricedAttempts,
    totals.inputTokens,
    totals.outputTokens,
    totals.cacheReadTokens,
    totals.cacheWriteTokens,
    totals.reasoningTokens,
    totals.picoDollars / PICO_PER_MICRO,
    totals.picoDollars % PICO_PER_MICRO,
  ].join(' ');
}

export function totalsOf(counters: string): Totals {
  const words = counters.split(' ');
  const [microDollars, rest] = words.slice(-2).map(BigInt) as [bigint, bigint];
  const numbers = words.slice(0, -2).map(Number);
  const [attempts, estimatedAttempts, unpricedAttempts, ...tokens] = numbers as Counts;
  const [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens] = tokens;
  return {
    attempts,
    estimatedAttempts,
    unpricedAttempts,
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    picoDollars: microDollars * PICO_PER_MICRO + rest,
  };
}

type Counts = [number, number, number, number, number, number, number, number];
