import { dayOf, type Labels, NO_LABELS, type Totals } from '../../money/ledger/totals.ts';
import { PICO_PER_MICRO } from '../../money/pricing/money.ts';

/** How a group of a sender stands in the server: its day is that of the hash. */
export function fieldOf(labels: Labels, sender: string): string {
  const { model, userId, projectId, target, outcome } = labels;
  return JSON.stringify([model, userId, projectId, target, outcome, sender]);
}

/** Whoever sent it. @param midnight epoch ms. @throws Error if it is no field of a group */
export function labelsOf(field: string, midnight: number): Labels {
  const labels: unknown = JSON.parse(field);
  if (!isField(labels)) throw new Error('The shared store has a group of totals without labels.');
  const [model, userId, projectId, target, outcome] = labels;
  return { ...NO_LABELS, day: dayOf(midnight), model, userId, projectId, target, outcome };
}

/** Fields of older versions have no sender. */
type FieldLabels = [string, string, string, string, string, sender?: string];

function isField(value: unknown): value is FieldLabels {
  return (
    Array.isArray(value) && value.length >= 5 && value.every((label) => typeof label === 'string')
  );
}

/** Pico-dollars are kept in two parts, for a number in Lua ends at 2^53. */
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

/** @throws Error if it is no text of counters */
export function totalsOf(counters: string): Totals {
  const words = counters.split(' ');
  const [microDollars, rest] = words.slice(-2).map(BigInt) as [bigint, bigint];
  const numbers = words.slice(0, -2).map(Number);
  if (numbers.length !== COUNTS || !numbers.every(Number.isFinite)) {
    throw new Error('The shared store has totals that are no numbers.');
  }
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

const COUNTS = 8;
type Counts = [number, number, number, number, number, number, number, number];
