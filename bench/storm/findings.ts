import type { Settled } from '../memory-probe.ts';
import { sum } from '../sidecar.ts';
import { quantile } from '../statistics.ts';
import type { Outcome } from './caller.ts';
import { problemOf } from './check.ts';
import type { Finding } from './limits.ts';
import type { Stage, StormUpstream } from './upstream.ts';

export interface Storm {
  readonly outcomes: readonly Outcome[];
  readonly upstream: StormUpstream;
  readonly before: Settled;
  readonly after: Settled;
  /** Of the sidecar, at the end. */
  readonly metrics: ReadonlyMap<string, number>;
  /** How late the event loop of caller and upstream was, 99th percentile, in ms. */
  readonly lagMs: number;
  /** Calls at a time. */
  readonly streams: number;
}

const MAX_CANCEL_P99_MS = 50;
const MAX_HEAP_GROWTH_MIB = 2;
const MAX_EXTERNAL_GROWTH_MIB = 2;
/** Wide: how many pages a heap takes is V8's to decide, and goes up and down by 80 MiB under load. */
const MAX_RSS_GROWTH_MIB = 128;
/** A scrape's own, and a connection more to the caller's side. */
const MAX_MORE_HANDLES = 4;
const TOLD_PROBLEMS = 10;

const STAGES: readonly Stage[] = [
  'not asked',
  'before headers',
  'before first token',
  'in the text',
  'over',
];

export function findings(storm: Storm): readonly Finding[] {
  return [...answers(storm), ...cancels(storm), ...leftovers(storm)];
}

function answers({ outcomes, upstream, metrics }: Storm): Finding[] {
  const problems = outcomes.flatMap((outcome) => {
    const problem = problemOf(outcome, upstream.recordOf(outcome.plan));
    return problem === undefined ? [] : [`${outcome.plan.question}: ${problem}`];
  });
  for (const problem of problems.slice(0, TOLD_PROBLEMS)) console.error(problem);
  const completed = outcomes.filter(({ status }) => status === 0).length;
  const uncancelled = outcomes.filter(({ cancelled }) => cancelled === undefined);
  return [
    { name: 'calls', value: outcomes.length },
    { name: 'calls that never ended', value: hung(outcomes), atMost: 0 },
    { name: 'calls completed', value: completed, atLeast: uncancelled.length },
    { name: 'calls that are not as planned', value: problems.length, atMost: 0 },
    { name: 'outcomes in the metrics that are no such', value: strange(metrics), atMost: 0 },
  ];
}

function hung(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ status }) => status === undefined).length;
}

/** Calls that ended, for the sidecar, neither completed nor cancelled. */
function strange(metrics: ReadonlyMap<string, number>): number {
  let calls = 0;
  for (const [sample, value] of metrics) {
    if (!sample.startsWith('tamma_provider_call_duration_count')) continue;
    if (!/outcome="(completed|CANCELLED)"/.test(sample)) calls += value;
  }
  return calls;
}

function cancels({ outcomes, upstream, lagMs }: Storm): Finding[] {
  const delays: number[] = [];
  const stages = new Map<Stage, number>(STAGES.map((stage) => [stage, 0]));
  for (const { plan, cancelled } of outcomes) {
    if (cancelled === undefined) continue;
    stages.set(cancelled.stage, (stages.get(cancelled.stage) ?? 0) + 1);
    const record = upstream.recordOf(plan);
    if (record?.closedBy !== 'client' || record.closedAt === undefined) continue;
    delays.push(record.closedAt - cancelled.at);
  }
  return [
    ...[...stages].map(([stage, value]) => ({ name: `calls cancelled: upstream ${stage}`, value })),
    { name: 'upstream requests cut by a cancel', value: delays.length, atLeast: 1 },
    delay('p50', quantile(delays, 0.5)),
    { ...delay('p99', quantile(delays, 0.99)), atMost: MAX_CANCEL_P99_MS },
    delay('max', quantile(delays, 1)),
    { name: 'of that, this process itself was late, p99 ms', value: lagMs, digits: 1 },
  ];
}

function delay(which: string, value: number): Finding {
  return { name: `cancel to close of the upstream's socket, ${which} ms`, value, digits: 1 };
}

function leftovers({ upstream, before, after, metrics, streams }: Storm): Finding[] {
  const active = sum(metrics, 'tamma_provider_active_calls');
  return [
    { name: 'active calls at the end', value: active, atMost: 0 },
    { name: 'upstream requests that run at the end', value: upstream.running(), atMost: 0 },
    {
      name: 'idle upstream sockets at the end',
      value: upstream.openConnections(),
      atMost: streams,
    },
    // Idle sockets do not count: nothing waits for them.
    { name: 'open handles, early', value: before.handles },
    {
      name: 'open handles, at the end',
      value: after.handles,
      atMost: before.handles + MAX_MORE_HANDLES,
    },
    ...memory('heap', before.heapUsed, after.heapUsed, MAX_HEAP_GROWTH_MIB),
    ...memory('buffers', before.external, after.external, MAX_EXTERNAL_GROWTH_MIB),
    ...memory('RSS', before.rss, after.rss, MAX_RSS_GROWTH_MIB),
  ];
}

function memory(what: string, before: number, after: number, atMost: number): Finding[] {
  const mib = 1024 ** 2;
  return [
    { name: `${what}, early, MiB`, value: before / mib, digits: 1 },
    { name: `${what}, growth to the end, MiB`, value: (after - before) / mib, digits: 1, atMost },
  ];
}
