import type { Caller } from '../../core/caller.ts';
import { type Budget, BudgetScope } from '../../gen/tamma/provider/v1/budget.ts';
import { type ProviderStatus, WatchStatusResponse } from '../../gen/tamma/provider/v1/provider.ts';
import { isBound } from './own.ts';

/**
 * The state as a caller may see it. A bound one is not told what others spend, ask and keep: of the
 * budgets it sees those of its own user and project, and nothing of the cache.
 */
export function ownStatus(status: ProviderStatus, caller: Caller | undefined): ProviderStatus {
  if (!isBound(caller)) return status;
  return {
    ...status,
    activeCalls: 0,
    cache: undefined,
    budgets: status.budgets.filter((budget) => isOwn(budget, caller)),
  };
}

/** The same of a serialized WatchStatusResponse, which those who are not bound share. */
export function ownStatusMessage(message: Buffer, caller: Caller | undefined): Buffer {
  if (!isBound(caller)) return message;
  const { status } = WatchStatusResponse.decode(message);
  const own = status === undefined ? undefined : ownStatus(status, caller);
  return Buffer.from(WatchStatusResponse.encode({ status: own }).finish());
}

function isOwn({ scope, subject }: Budget, { userId, projectId }: Caller): boolean {
  if (scope === BudgetScope.USER) return userId !== undefined && subject === userId;
  return scope === BudgetScope.PROJECT && projectId !== undefined && subject === projectId;
}
