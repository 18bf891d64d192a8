import type { UpstreamStatus } from '../provider/provider.ts';

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
}

/** Markup, as opposed to text that still has to be escaped. */
interface Markup {
  readonly markup: string;
}

type Content = string | number | Markup | readonly Markup[];

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
<span class="state ${status.state === 'serving' ? 'good' : 'wait'}">${status.state}</span>
</header>
<dl>
${fact('Version', status.version)}
${fact('Config revision', html`<code>${status.configRevision}</code>`)}
${fact('Uptime', html`<span title="since ${isoTime(status.startedAt)}">${duration(status.uptimeMs)}</span>`)}
${fact('Active calls', status.activeCalls)}
</dl>
<h2>Upstreams</h2>
<div class="table"><table>
<thead><tr><th>Endpoint</th><th>Health</th><th>Last success</th><th>Last failure</th></tr></thead>
<tbody>
${status.upstreams.map((upstream) => upstreamRow(upstream, now))}
</tbody>
</table></div>
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

function upstreamRow(upstream: UpstreamStatus, now: number): Markup {
  const health = upstream.healthy
    ? html`<span class="state good">healthy</span>`
    : html`<span class="state bad">failing</span>`;
  const reason = upstream.lastFailureReason ?? '';
  return html`<tr><td><code>${upstream.endpoint}</code></td><td>${health}</td><td>${ago(
    upstream.lastSuccessAt,
    now,
  )}</td><td>${ago(upstream.lastFailureAt, now)} <code>${reason}</code></td></tr>
`;
}

function ago(time: number | undefined, now: number): Markup {
  if (time === undefined) return html`<span class="soft">never</span>`;
  return html`<time datetime="${isoTime(time)}" title="${isoTime(time)}">${duration(now - time)} ago</time>`;
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** The two largest units: "3 d 4 h", "12 min 5 s", "0 s". */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** Joins markup and content; text among the content is escaped. */
function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const rest = contents.map((content, i) => toMarkup(content) + strings[i + 1]);
  return { markup: strings[0] + rest.join('') };
}

function toMarkup(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  if ('markup' in content) return content.markup;
  return content.map(({ markup }) => markup).join('');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
