import type { BudgetState } from '../../core/budget-state.ts';
import type { StoreStatus } from '../../core/store-status.ts';
import type { UpstreamStatus } from '../../provider/provider.ts';
import { budgetShare } from './budget-order.ts';

/** Problems that are told at most; the first are the worst. */
const MAX_PROBLEMS = 20;

export interface ProblemSources {
  readonly draining: boolean;
  /** Share of what may be in use, 0 to 1. */
  readonly load: number;
  readonly upstreams: readonly UpstreamStatus[];
  readonly budgets: readonly BudgetState[];
  readonly ledger: Pick<StoreStatus, 'problem' | 'warning'>;
  /** What is the matter with the configuration, a sentence each. */
  readonly config?: readonly string[];
  /** Absent: nothing is shared. */
  readonly sharedStore?: Pick<StoreStatus, 'problem' | 'warning'> | undefined;
}

/** What an operator should look at, worst first, one sentence each. */
export function problemsOf(sources: ProblemSources): string[] {
  const { draining, load, upstreams, budgets, ledger, config = [], sharedStore } = sources;
  const down = upstreams.filter(({ ready }) => !ready);
  const ailing = upstreams.filter(({ ready }) => ready);
  const named = ({ target, problems }: UpstreamStatus) =>
    problems.map((problem) => `${target}: ${problem}`);
  const shares = budgets.map((budget) => ({ budget, share: budgetShare(budget) }));
  return [
    ...(draining ? ['New calls are refused: the process is stopping.'] : []),
    ...(down.length === upstreams.length && down.length > 0 ? ['No target can be asked now.'] : []),
    ...down.flatMap(named),
    ...shares.filter(({ share }) => share >= 1).map(({ budget }) => `${title(budget)} is spent.`),
    ...said('The ledger', ledger.problem),
    ...said('The shared store', sharedStore?.problem),
    ...(load >= 1 ? ['Calls are refused: this process has too much to do.'] : []),
    ...said('The ledger', ledger.warning),
    ...said('The shared store', sharedStore?.warning),
    ...config,
    ...ailing.flatMap(named),
    ...shares
      .filter(({ budget, share }) => share < 1 && share >= (budget.alertThresholds[0] ?? 1))
      .map(({ budget, share }) => `${title(budget)} is spent to ${Math.floor(share * 100)} %.`),
  ].slice(0, MAX_PROBLEMS);
}

function said(store: string, sentence: string | undefined): readonly string[] {
  return sentence === undefined ? [] : [`${store}: ${sentence}`];
}

function title({ name, subject }: BudgetState): string {
  return subject === '' ? `The budget ${name}` : `The budget ${name} of ${subject}`;
}
