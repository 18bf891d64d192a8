import type { BudgetScope } from './budget-state.ts';
import type { Call } from './call.ts';
import { projectOf, userOf } from './caller.ts';
import { payerOf } from './party.ts';

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
export function spenderOf(call: Call): Spender {
  const { request, caller } = payerOf(call);
  return {
    userId: userOf(request.metadata, caller),
    projectId: projectOf(request.metadata, caller),
    model: call.target.model.id,
  };
}

/**
 * Whose answers a call may get again: those of the same project, and of the same caller where callers
 * are known, since one that may act for any project is not to be taken for another.
 */
export function tenantOf(call: Call): string {
  const { projectId } = spenderOf(call);
  // The name of a caller has no space in it.
  return call.caller === undefined ? projectId : `${call.caller.name} ${projectId}`;
}

/** Those with the same name share their turns where calls wait. Empty: nobody is named. */
export function whoseTurn(call: Call): string {
  const { caller } = payerOf(call);
  // One that is known cannot have more turns by naming more users.
  if (caller !== undefined) return caller.name;
  const { projectId, userId } = spenderOf(call);
  return projectId === '' && userId === '' ? '' : `${projectId} ${userId}`;
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
