import type { BudgetState } from '../../core/budget-state.ts';
import { type Caller, refuseOther } from '../../core/caller.ts';
import { ProviderError } from '../../core/errors.ts';
import type { CacheSelection } from '../../provider/provider.ts';

/** What names a user and a project. */
interface Query {
  readonly userId?: string;
  readonly projectId?: string;
}

/**
 * What a caller asks for, narrowed down to what is its own.
 *
 * @throws ProviderError PERMISSION_DENIED if it names somebody else's
 */
export function ownQuery<T extends Query>(query: T, caller: Caller | undefined): T {
  if (caller === undefined) return query;
  const { userId, projectId } = caller;
  refuseOther(caller, query.userId, userId, 'user_id');
  refuseOther(caller, query.projectId, projectId, 'project_id');
  return {
    ...query,
    ...(userId === undefined ? {} : { userId }),
    ...(projectId === undefined ? {} : { projectId }),
  };
}

/**
 * The budgets that a caller may see: if it is bound, or has not the right to usage, those of its own user and
 * project. Others tell what everybody spends together.
 */
export function ownBudgets(
  budgets: readonly BudgetState[],
  caller: Caller | undefined,
): readonly BudgetState[] {
  if (caller === undefined || seesAllBudgets(caller)) return budgets;
  return budgets.filter(({ scope, subject }) => {
    const own = scope === 'user' ? caller.userId : caller.projectId;
    return (scope === 'user' || scope === 'project') && own !== undefined && subject === own;
  });
}

/** Whether a caller may see budgets that are not its own. */
export function seesAllBudgets(caller: Caller | undefined): boolean {
  return caller?.withoutUsage === undefined && !isBound(caller);
}

/** Whether what a caller may see is less than everything. */
export function isBound(caller: Caller | undefined): caller is Caller {
  return caller?.userId !== undefined || caller?.projectId !== undefined;
}

/**
 * What a caller takes out of the cache: if it is bound to a project, answers of that alone.
 *
 * @throws ProviderError PERMISSION_DENIED if it names another project, or is bound to a user, whose
 *   answers are not told apart from those of the others in the project
 */
export function ownAnswers(selection: CacheSelection, caller: Caller | undefined): CacheSelection {
  if (caller === undefined || !isBound(caller)) return selection;
  const { name, projectId } = caller;
  if (projectId === undefined) {
    throw new ProviderError('PERMISSION_DENIED', {
      message: `The caller ${name} is bound to a user, and answers are kept by project.`,
    });
  }
  if (selection.type === 'all') return { type: 'project', projectId };
  if (selection.type === 'project')
    refuseOther(caller, selection.projectId, projectId, 'project_id');
  return { ...selection, projectId };
}
