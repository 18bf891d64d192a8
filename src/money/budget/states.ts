import type { BudgetScope, BudgetState } from '../../core/budget-state.ts';
import type { Allowance } from './allowance.ts';
import type { Budget } from './budget.ts';

/** Which budgets to show; what is absent chooses all. */
export interface BudgetQuery {
  readonly name?: string;
  /** Of budgets per user only that of this one. */
  readonly userId?: string;
  readonly projectId?: string;
  readonly model?: string;
}

/** The budgets that a query chooses, in the given order, then by subject. */
export function budgetStates(
  budgets: readonly Budget[],
  query: BudgetQuery,
): readonly BudgetState[] {
  return budgets
    .filter(({ definition }) => query.name === undefined || definition.name === query.name)
    .flatMap(({ definition, allowances }) => {
      const wanted = subjectIn(query, definition.scope);
      return [...allowances]
        .filter((allowance) => wanted === undefined || allowance.subject === wanted)
        .sort(bySubject)
        .map(({ state }) => state);
    });
}

function subjectIn(query: BudgetQuery, scope: BudgetScope): string | undefined {
  switch (scope) {
    case 'all':
      return undefined;
    case 'user':
      return query.userId;
    case 'project':
      return query.projectId;
    case 'model':
      return query.model;
  }
}

/** By code units: the same everywhere, whatever the locale. No two are the same. */
function bySubject(a: Allowance, b: Allowance): number {
  return a.subject < b.subject ? -1 : 1;
}
