import type { RememberedCall } from './call-memory.ts';
import { type Content, html } from './html.ts';
import { ago, drawnOnce, table } from './page-parts.ts';

/** The last failures, with the ids under which to look further. */
export const failureTable = drawnOnce((failures: readonly RememberedCall[]): Content => {
  if (failures.length === 0) return [];
  return table(
    'Last failures',
    ['When', 'Reason', 'Model', 'Target', 'Trace', 'Request'],
    failures.map(({ id, traceId, endedOn, record, error }) => [
      ago(endedOn),
      html`<code>${error?.reason ?? ''}</code>`,
      html`<code>${record.model}</code>`,
      record.target,
      html`<a href="calls/${encodeURIComponent(traceId || id)}"><code>${(traceId || id).slice(0, 16)}</code></a>`,
      html`<code>${record.upstreamRequestId}</code>`,
    ]),
  );
});
