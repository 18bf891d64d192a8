import type { BudgetState } from '../core/budget-state.ts';
import type { Batch } from '../money/batches/batch.ts';
import type { UpstreamStatus } from '../provider/provider.ts';
import { batchTable } from './batch-table.ts';
import { budgetTable } from './budget-table.ts';
import { type Content, html, type Markup } from './html.ts';
import { duration, isoTime, state } from './page-parts.ts';
import { modelTable, upstreamTable } from './upstream-tables.ts';

/** What the status page shows and /status.json answers. Times are epoch ms. */
export interface AdminStatus {
  readonly version: string;
  readonly configRevision: string;
  readonly state: 'serving' | 'draining';
  readonly startedAt: number;
  readonly uptimeMs: number;
  readonly activeCalls: number;
  /** Addresses as the process announces them. */
  readonly listeners: readonly string[];
  readonly upstreams: readonly UpstreamStatus[];
  /** Those to show, which may not be all there are. */
  readonly budgets: readonly BudgetState[];
  /** Those that have not ended; not all, if there are many. */
  readonly batches: readonly Batch[];
}

const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#59636e, #9198a1);
  --card: light-dark(#fff, #161b22); --good: light-dark(#1a7f37, #3fb950); --bad: light-dark(#c0392b, #f85149);
  --wait: light-dark(#9a6700, #d29922) }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.25rem; font: 15px/1.5 system-ui, sans-serif;
  background: light-dark(#f6f8fa, #0d1117); color: light-dark(#1f2328, #e6edf3) }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem }
h1 { font-size: 1.4rem; margin: 0 }
h2 { font-size: .8rem; margin: 2rem 0 .5rem; color: var(--soft); letter-spacing: .06em; text-transform: uppercase }
.state { font-weight: 600; white-space: nowrap }
.state::before { content: ''; display: inline-block; width: .6em; height: .6em; margin-right: .45em;
  border-radius: 50%; background: currentColor }
.good { color: var(--good) } .bad { color: var(--bad) } .wait { color: var(--wait) } .soft { color: var(--soft) }
dl, .table { margin: 1.25rem 0 0; background: var(--card); border: 1px solid var(--line); border-radius: .6rem }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)) }
dl div { padding: .9rem 1.1rem }
dt { color: var(--soft); font-size: .85rem }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.table { margin: 0; overflow-x: auto }
table { width: 100%; border-collapse: collapse }
th, td { padding: .6rem 1.1rem; text-align: left; white-space: nowrap }
th { color: var(--soft); font-size: .85rem; font-weight: 500 }
tbody tr { border-top: 1px solid var(--line) }
meter { width: 6rem; vertical-align: middle }
ul { margin: 0; padding: 0; list-style: none }
code { font: .93em ui-monospace, monospace }
footer { margin-top: 2rem; display: flex; gap: 1.25rem }
a { color: inherit }
`,
};

/** The status as one page of HTML that needs nothing else and renews itself every 5 s. */
export function renderStatusPage(status: AdminStatus): string {
  const now = status.startedAt + status.uptimeMs;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Tamma OpenAI provider: ${status.state}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Tamma OpenAI provider</h1>
${state(status.state === 'serving' ? 'good' : 'wait', status.state)}
</header>
<dl>
${fact('Version', status.version)}
${fact('Config revision', html`<code>${status.configRevision}</code>`)}
${fact('Uptime', html`<span title="since ${isoTime(status.startedAt)}">${duration(status.uptimeMs)}</span>`)}
${fact('Active calls', status.activeCalls)}
</dl>
${upstreamTable(status.upstreams, now)}
${modelTable(status.upstreams)}
${budgetTable(status.budgets, now)}
${batchTable(status.batches, now)}
<h2>Listeners</h2>
<ul>${status.listeners.map((address) => html`<li><code>${address}</code></li>`)}</ul>
<footer class="soft"><a href="/metrics">metrics</a><a href="/status.json">status.json</a><a
 href="/livez">livez</a><a href="/readyz">readyz</a></footer>
</body>
</html>
`.markup;
}

function fact(name: string, value: Content): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
