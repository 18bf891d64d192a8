import type { CircuitState, UpstreamStatus } from '../provider/provider.ts';
import { type Content, html, type Markup } from './html.ts';
import { ago, soft, state, table } from './page-parts.ts';

const CIRCUITS: Readonly<Record<CircuitState, Markup>> = {
  closed: state('good', 'closed'),
  half_open: state('wait', 'half open'),
  open: state('bad', 'open'),
};

/** How each upstream fares. */
export function upstreamTable(upstreams: readonly UpstreamStatus[], now: number): Markup {
  return table(
    'Upstreams',
    ['Target', 'Endpoint', 'Health', 'Last success', 'Last failure', 'Keys'],
    upstreams.map((upstream) => upstreamRow(upstream, now)),
  );
}

/** What stands between calls and each model that was asked; nothing if none was. */
export function modelTable(upstreams: readonly UpstreamStatus[]): Content {
  const rows = upstreams.flatMap(modelRows);
  if (rows.length === 0) return [];
  const columns = ['Target', 'Model', 'Circuit', 'Running', 'Queued', 'Concurrency limit'];
  return table('Models', columns, rows);
}

function upstreamRow(upstream: UpstreamStatus, now: number): readonly Content[] {
  const { target, endpoint, healthy, lastSuccessAt, lastFailureAt, lastFailureReason } = upstream;
  return [
    target,
    html`<code>${endpoint}</code>`,
    healthy ? state('good', 'healthy') : state('bad', 'failing'),
    ago(lastSuccessAt, now),
    html`${ago(lastFailureAt, now)} <code>${lastFailureReason ?? ''}</code>`,
    keyCount(upstream),
  ];
}

function keyCount({ keys, keysSetAside }: UpstreamStatus): Content {
  if (keysSetAside === 0) return keys;
  const text = `${keysSetAside} of ${keys} set aside`;
  return state(keysSetAside < keys ? 'wait' : 'bad', text);
}

function modelRows({ target, models }: UpstreamStatus): readonly (readonly Content[])[] {
  return models.map(({ model, circuit, running, queued, concurrencyLimit }) => [
    target,
    html`<code>${model}</code>`,
    CIRCUITS[circuit],
    running,
    queued,
    concurrencyLimit === 0 ? soft('none') : concurrencyLimit,
  ]);
}
