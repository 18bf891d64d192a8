import type { StoreStatus } from '../../core/store-status.ts';
import type { Markup } from './html.ts';
import { ago, state, table } from './page-parts.ts';

/** How the places are where what was spent is kept. */
export function storeTable(ledger: StoreStatus, sharedStore: StoreStatus | undefined): Markup {
  const row = (name: string, { problem, warning, since, pending }: StoreStatus) => [
    name,
    problem === undefined
      ? state(warning === undefined ? 'good' : 'wait', warning ?? 'takes records')
      : state('bad', problem),
    ago(since),
    pending,
  ];
  return table(
    'Stores',
    ['Store', 'State', 'Since', 'Waiting records'],
    [
      row('Ledger', ledger),
      ...(sharedStore === undefined ? [] : [row('Shared store', sharedStore)]),
    ],
  );
}
