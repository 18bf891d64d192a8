import type { Batch } from '../../money/batches/batch.ts';
import { toDollars } from '../../money/pricing/money.ts';
import { type Content, html } from './html.ts';
import { ahead, soft, table } from './page-parts.ts';

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
