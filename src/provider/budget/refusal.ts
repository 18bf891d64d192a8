import { ProviderError } from '../errors.ts';
import { formatDollars } from '../pricing/money.ts';
import type { BudgetState } from './state.ts';

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
  const { name, resetsAt } = budget;
  return new ProviderError('BUDGET_EXCEEDED', {
    message: sentences(budget, needed),
    model,
    quotaSubject: name,
    budget,
    ...(resetsAt === undefined ? {} : { retryAfterMs: Math.ceil(resetsAt - now) }),
  });
}

function sentences(
  { name, limit, spent, reserved, resetsAt }: BudgetState,
  needed: bigint,
): string {
  const reset =
    resetsAt === undefined
      ? 'It is never reset.'
      : `It is reset at ${new Date(resetsAt).toISOString()}.`;
  return (
    `The budget ${name} does not cover this call, which needs at least ${usd(needed)}: ` +
    `of ${usd(limit)}, ${usd(spent)} are spent and ${usd(reserved)} reserved. ${reset}`
  );
}

function usd(picoDollars: bigint): string {
  return `${formatDollars(picoDollars)} USD`;
}
