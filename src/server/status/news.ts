import type { BudgetState } from '../../core/budget-state.ts';
import type { IAIProvider, UpstreamStatus } from '../../provider/provider.ts';

type Told = Pick<IAIProvider, 'upstreams' | 'ledgerStatus' | 'sharedStoreStatus'>;

/** What watches are told of soon. */
export function stateOf(provider: Told): unknown {
  const stores = [provider.ledgerStatus().problem, provider.sharedStoreStatus()?.problem];
  return [provider.upstreams().map(newsOf), stores];
}

interface Measured {
  readonly upstreams: readonly UpstreamStatus[];
  readonly budgets: readonly BudgetState[];
  readonly problems: readonly string[];
}

/** What they are told of once a second. */
export function measuredOf({ upstreams, budgets, problems }: Measured): unknown {
  const spent = budgets.map((one) => [one.name, one.subject, String(one.spent), one.resetsAt]);
  return [upstreams.map(figuresOf), spent, problems];
}

/** A model that is asked for the first time is no news; a circuit that is not closed is. */
function newsOf(upstream: UpstreamStatus): readonly unknown[] {
  const { target, endpoint, healthy, ready, lastFailureReason, keysSetAside, models } = upstream;
  const circuits = models.flatMap(({ model, circuit, notReadyReason }) =>
    circuit === 'closed' && notReadyReason === undefined ? [] : [[model, circuit, notReadyReason]],
  );
  return [target, endpoint, healthy, ready, lastFailureReason, keysSetAside, circuits];
}

/** What the last attempts were like, and what runs and waits. What limits leave is told along with it. */
function figuresOf({ models }: UpstreamStatus): readonly unknown[] {
  return models.flatMap(({ model, statistics, running, queued }) =>
    statistics !== undefined || running + queued > 0 ? [[model, statistics, running, queued]] : [],
  );
}
