import type { BudgetState } from '../../core/budget-state.ts';
import { toDollars } from '../../money/pricing/money.ts';

/** Share of its limit that a budget has spent or holds, 0 or more. */
export function budgetShare({ limit, spent, reserved }: BudgetState): number {
  return limit > 0n ? toDollars(spent + reserved) / toDollars(limit) : 1;
}

/** Those that concern everybody first, then those nearest to their limits. */
export function nearestFirst(budgets: readonly BudgetState[]): readonly BudgetState[] {
  const shares = new Map(budgets.map((budget) => [budget, budgetShare(budget)]));
  const ofAll = ({ scope }: BudgetState) => (scope === 'all' ? 0 : 1);
  return budgets.toSorted(
    (a, b) => ofAll(a) - ofAll(b) || (shares.get(b) ?? 0) - (shares.get(a) ?? 0),
  );
}
