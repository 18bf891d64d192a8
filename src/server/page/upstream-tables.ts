import type {
  AttemptStatistics,
  CircuitState,
  ModelStatus,
  UpstreamStatus,
} from '../../provider/provider.ts';
import { type Content, html, type Markup } from './html.ts';
import { ago, ahead, since, soft, state, table } from './page-parts.ts';

const CIRCUITS: Readonly<Record<CircuitState, Markup>> = {
  closed: state('good', 'closed'),
  half_open: state('wait', 'half open'),
  open: state('bad', 'open'),
};

/** How each upstream fares. */
export function upstreamTable(upstreams: readonly UpstreamStatus[]): Markup {
  return table(
    'Upstreams',
    ['Target', 'Health', 'Endpoint', 'Last success', 'Last failure', 'Keys'],
    upstreams.toSorted(worstFirst).map((upstream) => upstreamRow(upstream)),
  );
}

/** What stands between calls and each model that was asked; nothing if none was. */
export function modelTable(upstreams: readonly UpstreamStatus[]): Content {
  const rows = upstreams
    .flatMap(({ target, models }) => models.map((model) => ({ target, model })))
    .toSorted((a, b) => trouble(b.model) - trouble(a.model))
    .map(({ target, model }) => modelRow(target, model));
  if (rows.length === 0) return [];
  const columns = [
    'Target',
    'Model',
    'Circuit',
    'Why',
    'Failed',
    'First token, p95',
    'Running',
    'Queued',
    'Concurrency limit',
  ];
  return table('Models', columns, rows);
}

function upstreamRow(upstream: UpstreamStatus): readonly Content[] {
  const { target, endpoint, lastSuccessAt, lastFailureAt, lastFailureReason } = upstream;
  return [
    target,
    health(upstream),
    html`<code>${endpoint}</code>`,
    ago(lastSuccessAt),
    html`${ago(lastFailureAt)} <code>${lastFailureReason ?? ''}</code>`,
    keyCount(upstream),
  ];
}

function keyCount({ keys, keysSetAside }: UpstreamStatus): Content {
  if (keysSetAside === 0) return keys;
  const text = `${keysSetAside} of ${keys} set aside`;
  return state(keysSetAside < keys ? 'wait' : 'bad', text);
}

function health({ ready, healthy }: UpstreamStatus): Content {
  if (!ready) return state('bad', 'not ready');
  return healthy ? state('good', 'healthy') : state('bad', 'failing');
}

/** Those that cannot be asked, then those that fail, then by name. */
function worstFirst(a: UpstreamStatus, b: UpstreamStatus): number {
  const rank = ({ ready, healthy }: UpstreamStatus) => (ready ? 0 : 2) + (healthy ? 0 : 1);
  return rank(b) - rank(a) || (a.target < b.target ? -1 : 1);
}

/** What an operator looks at first. */
const CIRCUIT_TROUBLE: Readonly<Record<CircuitState, number>> = {
  closed: 0,
  half_open: 2,
  open: 3,
};

function trouble({ circuit, notReadyReason, statistics }: ModelStatus): number {
  return (
    (notReadyReason === undefined ? 0 : 4) + CIRCUIT_TROUBLE[circuit] + failedShare(statistics)
  );
}

function failedShare(statistics: ModelStatus['statistics']): number {
  if (statistics === undefined) return 0;
  const failed = statistics.failures.reduce((sum, { count }) => sum + count, 0);
  return failed / statistics.attempts;
}

function modelRow(target: string, status: ModelStatus): readonly Content[] {
  const { model, running, queued, concurrencyLimit, statistics } = status;
  const firstToken = statistics?.timeToFirstToken?.p95;
  return [
    target,
    html`<code>${model}</code>`,
    circuitSince(status),
    why(status),
    statistics === undefined ? soft('–') : failures(statistics),
    firstToken === undefined ? soft('–') : `${Math.round(firstToken)} ms`,
    running,
    queued,
    concurrencyLimit === 0 ? soft('none') : concurrencyLimit,
  ];
}

function circuitSince({ circuit, circuitChangedAt, notReadyReason }: ModelStatus): Content {
  if (circuit === 'closed' && notReadyReason !== undefined) return state('bad', 'held');
  if (circuit === 'closed' || circuitChangedAt === undefined) return CIRCUITS[circuit];
  return html`${CIRCUITS[circuit]} ${since(circuitChangedAt)}`;
}

function why({ notReadyReason, nextProbeAt, heldUntil }: ModelStatus): Content {
  if (notReadyReason === undefined) return '';
  return html`<p>${notReadyReason} Tried again ${ahead(heldUntil ?? nextProbeAt)}.</p>`;
}

function failures({ attempts, failures }: AttemptStatistics): Content {
  const [most] = failures;
  if (most === undefined) return `0 of ${attempts}`;
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  return html`${failed} of ${attempts}, most <code>${most.reason}</code>`;
}
