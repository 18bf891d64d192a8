import { type Finding, growth } from '../../test/support/storm/finding.ts';
import { NEVER_ENDED, Tally } from '../../test/support/storm/tally.ts';
import type { Settled } from '../memory-probe.ts';
import { sum } from '../sidecar.ts';
import { quantile } from '../statistics.ts';
import { problemOf, type StormOutcome } from './check.ts';
import type { Stage, StormUpstream } from './upstream.ts';

export interface Storm {
  readonly outcomes: readonly StormOutcome[];
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
const UNPLANNED = 'calls that are not as planned';

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
  const tally = new Tally();
  for (const outcome of outcomes) {
    tally.addCall(outcome);
    const problem = problemOf(outcome, upstream.recordOf(outcome.plan));
    if (problem === undefined) continue;
    tally.add(UNPLANNED);
    tally.addProblem(problem, outcome.plan.question);
  }
  for (const problem of tally.problems) console.error(problem);
  const uncancelled = outcomes.filter(({ cancelledAt }) => cancelledAt === undefined);
  return [
    { name: 'calls', value: tally.of('calls') },
    { name: 'calls that never ended', value: tally.of(NEVER_ENDED), atMost: 0 },
    { name: 'calls completed', value: tally.of('OK'), atLeast: uncancelled.length },
    { name: UNPLANNED, value: tally.of(UNPLANNED), atMost: 0 },
    { name: 'outcomes in the metrics that are no such', value: strange(metrics), atMost: 0 },
  ];
}

/** Calls that ended, for the sidecar, neither completed nor cancelled. */
function strange(metrics: ReadonlyMap<string, number>): number {
  let calls = 0;
  for (const [sample, value] of metrics) {
    if (!sample.startsWith('tamma_provider_call_duration_seconds_count')) continue;
    if (!/outcome="(completed|CANCELLED)"/.test(sample)) calls += value;
  }
  return calls;
}

function cancels({ outcomes, upstream, lagMs }: Storm): Finding[] {
  const delays: number[] = [];
  const stages = new Map<Stage, number>(STAGES.map((stage) => [stage, 0]));
  for (const { plan, cancelledAt, stage } of outcomes) {
    if (cancelledAt === undefined || stage === undefined) continue;
    stages.set(stage, (stages.get(stage) ?? 0) + 1);
    const record = upstream.recordOf(plan);
    if (record?.closedBy !== 'client' || record.closedAt === undefined) continue;
    delays.push(record.closedAt - cancelledAt);
  }
  return [
    ...[...stages].map(([stage, value]) => ({ name: `calls cancelled: upstream ${stage}`, value })),
    { name: 'upstream requests cut by a cancel', value: delays.length, atLeast: 1 },
    delay('p50', quantile(delays, 0.5)),
    { ...delay('p99', quantile(delays, 0.99)), atMost: MAX_CANCEL_P99_MS, timed: true },
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
    ...growth('heap', { early: before.heapUsed, end: after.heapUsed }, MAX_HEAP_GROWTH_MIB),
    ...growth('buffers', { early: before.external, end: after.external }, MAX_EXTERNAL_GROWTH_MIB),
    // When the system takes pages back depends on how busy it is.
    ...growth('RSS', { early: before.rss, end: after.rss }, MAX_RSS_GROWTH_MIB).map((finding) => ({
      ...finding,
      timed: true as const,
    })),
  ];
}
