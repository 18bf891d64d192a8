import { dayOf, type Labels, NO_LABELS, type Totals } from '../money/ledger/totals.ts';

/** Pico-dollars are kept in two parts, for a number in Lua ends at 2^53. */
const PICO_PER_MICRO = 1_000_000n;

/** How a group of a sender stands in the server: its day is that of the hash. */
export function fieldOf(labels: Labels, sender: string): string {
  const { model, userId, projectId, target, outcome } = labels;
  return JSON.stringify([model, userId, projectId, target, outcome, sender]);
}

/** Whoever sent it. @param midnight epoch ms */
export function labelsOf(field: string, midnight: number): Labels {
  const [model, userId, projectId, target, outcome] = JSON.parse(field) as FieldLabels;
  return { ...NO_LABELS, day: dayOf(midnight), model, userId, projectId, target, outcome };
}

/** Fields of older versions have no sender. */
type FieldLabels = [string, string, string, string, string, sender?: string];

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
