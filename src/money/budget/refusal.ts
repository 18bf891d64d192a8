import type { BudgetState } from '../../core/budget-state.ts';
import { ProviderError } from '../../core/errors.ts';
import { formatDollars } from '../pricing/money.ts';

/**
 * The refusal of a call that does not fit a budget.
 *
 * @param needed what the call needs at least, in pico-dollars
 * @param now epoch ms
 */
export function budgetExceeded(
  budget: BudgetState,
  needed: bigint,
  model: string,
  now: number,
): ProviderError {
  const { name, resetsAt, storeAway } = budget;
  const isKnown = resetsAt !== undefined && storeAway === undefined;
  return new ProviderError('BUDGET_EXCEEDED', {
    message: sentences(budget, needed),
    model,
    quotaSubject: name,
    budget,
    ...(isKnown ? { retryAfterMs: Math.ceil(resetsAt - now) } : {}),
  });
}

/** The refusal of a call that has waited as long as it may for what others hold of a budget. */
export function waitedInVain(budget: BudgetState, needed: bigint, model: string): ProviderError {
  const { name } = budget;
  const why = 'It waited for calls that run to give back what they do not use.';
  return new ProviderError('BUDGET_EXCEEDED', {
    message: `${sentences(budget, needed)} ${why}`,
    model,
    quotaSubject: name,
    budget,
  });
}

function sentences(budget: BudgetState, needed: bigint): string {
  const { name, limit, spent, reserved } = budget;
  return (
    `The budget ${name} does not cover this call, which needs at least ${usd(needed)}: ` +
    `of ${usd(limit)}, ${usd(spent)} are spent and ${usd(reserved)} reserved. ${prospect(budget)}`
  );
}

/** When there will be more. */
function prospect({ resetsAt, storeAway }: BudgetState): string {
  if (storeAway !== undefined) return storeAway;
  if (resetsAt === undefined) return 'It is never reset.';
  return `It is reset at ${new Date(resetsAt).toISOString()}.`;
}

function usd(picoDollars: bigint): string {
  return `${formatDollars(picoDollars)} USD`;
}
