import type { BudgetScope } from './budget-state.ts';
import type { Call } from './call.ts';

/** Who spends, on what: what selects budgets and stands in the ledger. */
export interface Spender {
  /** Empty: the call names none. */
  readonly userId: string;
  /** Empty: the call names none. */
  readonly projectId: string;
  /** Id of the model in the catalogue, or the name that is sent if it is in none. */
  readonly model: string;
}

/** @param call prepared for its target */
export function spenderOf({ request, target }: Call): Spender {
  const metadata = request.metadata ?? {};
  return {
    userId: metadata.user_id || metadata.userId || '',
    projectId: metadata.project_id || metadata.projectId || '',
    model: target.model.id,
  };
}

/** Which account of a budget with this scope is the spender's. */
export function subjectOf(scope: BudgetScope, spender: Spender): string {
  switch (scope) {
    case 'all':
      return '';
    case 'user':
      return spender.userId;
    case 'project':
      return spender.projectId;
    case 'model':
      return spender.model;
  }
}
