import type { StoreStatus } from '../../core/store-status.ts';
import type { Batch } from '../../money/batches/batch.ts';
import { toDollars } from '../../money/pricing/money.ts';
import type { RememberedCall } from './call-memory.ts';
import { type Content, html, type Markup } from './html.ts';
import { ago, ahead, drawnOnce, soft, state, table } from './page-parts.ts';

/** Batches that have not ended, and how far they are; nothing if there are none. */
export function batchTable(batches: readonly Batch[]): Content {
  if (batches.length === 0) return [];
  return table(
    'Batches',
    ['Batch', 'State', 'By', 'Done', 'Failed', 'Of', 'Cost', 'Expires'],
    batches.map(({ id, displayName, state, execution, counts, cost, expiresAt }) => [
      html`<code>${id}</code> ${soft(displayName)}`,
      state,
      execution,
      counts.completed,
      counts.failed,
      counts.total,
      cost === undefined ? '' : `$${toDollars(cost.picoDollars).toFixed(4)}`,
      ahead(expiresAt),
    ]),
  );
}

/** The last failures, with the ids under which to look further. */
export const failureTable = drawnOnce((failures: readonly RememberedCall[]): Content => {
  if (failures.length === 0) return [];
  return table(
    'Last failures',
    ['When', 'Reason', 'Target', 'Model', 'Trace', 'Request'],
    failures.map(({ id, traceId, endedOn, record, error }) => [
      ago(endedOn),
      html`<a href="calls/${encodeURIComponent(traceId || id)}"><code>${error?.reason ?? ''}</code></a>`,
      record.target,
      html`<code>${record.model}</code>`,
      html`<code>${(traceId || id).slice(0, 16)}</code>`,
      html`<code>${record.upstreamRequestId}</code>`,
    ]),
  );
});

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
