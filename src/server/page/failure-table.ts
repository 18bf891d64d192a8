import type { RememberedCall } from './call-memory.ts';
import { type Content, html } from './html.ts';
import { ago, drawnOnce, table } from './page-parts.ts';

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
