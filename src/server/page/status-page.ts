import type { BudgetState } from '../../core/budget-state.ts';
import type { StoreStatus } from '../../core/store-status.ts';
import type { Batch } from '../../money/batches/batch.ts';
import type { CacheStatus, UpstreamStatus } from '../../provider/provider.ts';
import { budgetTable, usd } from './budget-table.ts';
import type { CallMemory } from './call-memory.ts';
import { type Content, html, type Markup } from './html.ts';
import { ahead, since, state } from './page-parts.ts';
import { plots } from './plots.ts';
import { SCRIPT } from './script.ts';
import { batchTable, failureTable, storeTable } from './tables.ts';
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
  /** How many there are. */
  readonly budgetCount: number;
  /** What is wrong, worst first, one sentence each. */
  readonly problems: readonly string[];
  /** Share of what this process may have in use, 0 to 1. */
  readonly load: number;
  /** In pico-dollars, since midnight UTC. Absent: not known. */
  readonly spentToday?: bigint;
  /** Absent: it is off. */
  readonly cache?: CacheStatus;
  readonly ledger: StoreStatus;
  /** Absent: nothing is shared. */
  readonly sharedStore?: StoreStatus;
  /** Absent: the drain has not begun. */
  readonly drainLeftMs?: number;
  /** Those that have not ended; not all, if there are many. */
  readonly batches: readonly Batch[];
}

const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#59636e, #9198a1);
  --card: light-dark(#fff, #161b22); --good: light-dark(#1a7f37, #3fb950); --bad: light-dark(#c0392b, #f85149);
  --wait: light-dark(#9a6700, #d29922) }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.25rem; font: 15px/1.5 system-ui, sans-serif;
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
td p { margin: 0; min-width: 14rem; max-width: 24rem; white-space: normal }
meter { width: 6rem; vertical-align: middle }
ul { margin: 0; padding: 0; list-style: none }
code { font: .93em ui-monospace, monospace }
footer { margin-top: 2rem; display: flex; gap: 1.25rem }
a { color: inherit }
a:focus-visible { outline: 2px solid var(--wait); outline-offset: 2px }
.problems { margin-top: 1.25rem; border-left: .25rem solid var(--bad); background: var(--card); border-radius: .3rem }
.problems li { padding: .5rem 1rem } .problems li + li { border-top: 1px solid var(--line) }
.calm { margin: 1.25rem 0 0; color: var(--soft) }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem }
figure { margin: 0; padding: .75rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; font-size: .85rem }
svg { display: block; width: 100%; height: 3rem; margin: .4rem 0 .2rem } path { fill: var(--good) }
.lost { display: none; color: var(--bad) } [data-live=no] .lost { display: inline }
@media (max-width: 40rem) { body { padding: 1rem .75rem } th, td { padding: .4rem .6rem } meter { width: 4rem } }
`,
};

/** The status as one page of HTML that needs nothing else and renews itself while it is open. */
export function renderStatusPage(status: AdminStatus, memory?: CallMemory): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tamma OpenAI provider: ${status.state}</title>
<style>${STYLE}</style>
</head>
<body>
<main data-now="${nowOf(status)}">${{ markup: [...drawStatus(status, memory).values()].join('') }}</main>
<footer class="soft"><a href="/metrics">metrics</a><a href="/status.json">status.json</a><a
 href="/livez">livez</a><a href="/readyz">readyz</a><span class="lost">The connection is lost: these figures are
 old.</span></footer>
<script>${{ markup: SCRIPT }}</script>
</body>
</html>
`.markup;
}

/** Sections of the page by their ids, as HTML. */
export type Sections = ReadonlyMap<string, string>;

/** What is on the page, worst first, in sections that are exchanged when they change. */
export function drawStatus(status: AdminStatus, memory?: CallMemory): Sections {
  const sections: Readonly<Record<string, Content>> = {
    head: heading(status),
    problems: problemList(status.problems),
    facts: facts(status),
    traffic: memory === undefined ? [] : plots(memory.traffic.past),
    upstreams: upstreamTable(status.upstreams),
    models: modelTable(status.upstreams),
    failures: memory === undefined ? [] : failureTable(memory.failures),
    budgets: budgetTable(status.budgets, status.budgetCount),
    batches: batchTable(status.batches),
    stores: storeTable(status.ledger, status.sharedStore),
    listeners: html`<h2>Listeners</h2>
<ul>${status.listeners.map((address) => html`<li><code>${address}</code></li>`)}</ul>`,
  };
  const drawn = Object.entries(sections).map(
    ([id, content]) => [id, html`<section id="${id}">${content}</section>\n`.markup] as const,
  );
  return new Map(drawn);
}

/** By which times are counted, in epoch ms. */
function nowOf({ startedAt, uptimeMs }: AdminStatus): number {
  return Math.round(startedAt + uptimeMs);
}

function heading({ state: of, problems }: AdminStatus): Markup {
  const kind = of === 'serving' ? (problems.length === 0 ? 'good' : 'wait') : 'wait';
  return html`<header><h1>Tamma OpenAI provider</h1>${state(kind, of)}</header>`;
}

function problemList(problems: readonly string[]): Content {
  if (problems.length === 0) return html`<p class="calm">Nothing needs a look.</p>`;
  return html`<ul class="problems" aria-label="Problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`;
}

function facts(status: AdminStatus): Markup {
  const { cache, spentToday, drainLeftMs } = status;
  const now = nowOf(status);
  const asked = cache && cache.hits + cache.misses;
  return html`<dl>
${fact('Version', status.version)}
${fact('Config revision', html`<code>${status.configRevision}</code>`)}
${fact('Uptime', since(status.startedAt))}
${fact('Active calls', status.activeCalls)}
${fact('Load', `${Math.round(status.load * 100)} %`)}
${spentToday === undefined ? [] : fact('Spent today (UTC)', usd(spentToday))}
${cache === undefined ? [] : fact('Cached answers', `${cache.entries}, ${megabytes(cache.bytes)}`)}
${cache === undefined ? [] : fact('Cache hits', asked ? `${Math.round((cache.hits / asked) * 100)} % of ${asked}` : 'none asked')}
${drainLeftMs === undefined ? [] : fact('Drain ends', ahead(now + drainLeftMs))}
</dl>`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function fact(name: string, value: Content): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
