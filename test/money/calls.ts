import { rssMiB } from '../../bench/processes.ts';
import { codeName } from '../support/grpc-client.ts';
import { makeCalls } from '../support/storm/calls.ts';
import { type Finding, growth, none } from '../support/storm/finding.ts';
import { Tally } from '../support/storm/tally.ts';
import { watchLateness } from '../support/storm/waits.ts';
import { makeCall, type Outcome } from './caller.ts';
import { nanos, sumOf, toNanos } from './dollars.ts';
import { MoneyHouse, type MoneySidecar } from './money-sidecar.ts';
import { Planner } from './plan.ts';
import {
  agrees,
  endedByCaller,
  estimateFindings,
  isExact,
  isHis,
  outputFinding,
  type Pair,
  type Reconciliation,
  reconcile,
} from './reconcile.ts';
import { type LedgerRow, readRecords } from './records.ts';
import { budgetFindings, metricFindings, totalFindings } from './totals.ts';
import { BilledUpstream } from './upstream.ts';

export interface CallsOptions {
  readonly seed: number;
  /** How many. Infinity: until `forMs` is over. */
  readonly calls: number;
  /** Begins no call after so long. Default: all begin. */
  readonly forMs?: number;
  /** Default: 40. */
  readonly users?: number;
  /** Of the status, all the while. Default: 0. */
  readonly watchers?: number;
  /** YAML of `costManagement` and `budgets`, ample. Default: for all, each user and each project. */
  readonly budgets?: string;
  readonly atATime: number;
  /** In tokens. */
  readonly longestAnswer?: number;
  /**
   * How far the sum of estimates may be from what the upstream produced, as a share of it. What it
   * writes until it learns that its client is gone, nobody else can know.
   */
  readonly tolerance: number;
}

/** More than all calls cost: every one of them passes through, and none is held up. */
const AMPLE_BUDGETS = `
costManagement: { budgetLimit: 1000 }
budgets:
  - { name: people, scope: user, limit: 1000, period: total }
  - { name: projects, scope: project, limit: 1000, period: total }
`;

const MIB = 1024 ** 2;

/** The later, the more the upstream writes for nobody. */
const LATENESS = 'how late upstream and callers were, p99 ms';

/** Calls of every kind at once; then ledger, budgets and metrics must be what the upstream bills. */
export async function stormOfCalls(options: CallsOptions): Promise<readonly Finding[]> {
  const upstream = await BilledUpstream.start();
  const house = new MoneyHouse(upstream.url, options.budgets ?? AMPLE_BUDGETS);
  try {
    const sidecar = await house.start();
    const lateness = watchLateness();
    const grown = watchMemory(sidecar);
    const watching = watchStatus(sidecar, options.watchers ?? 0);
    const outcomes = await makeAll(options, upstream, sidecar);
    const lateMs = lateness();
    const watchFindings = watching();
    const memoryFindings = options.forMs === undefined ? [] : grown();
    await upstream.settle();
    await sidecar.settle();
    const rows = await readRecords(house);
    const books = reconcile(rows, upstream.bill);
    const findings = [
      ...outcomeFindings(outcomes),
      { name: LATENESS, value: lateMs, digits: 1 },
      ...watchFindings,
      ...memoryFindings,
      ...bookFindings(books, upstream, options),
      ...tellsFindings(outcomes, rows, upstream),
      ...(await totalFindings(sidecar, rows)),
      ...(await budgetFindings(sidecar, rows)),
      ...(await metricFindings(sidecar, rows)),
    ];
    await sidecar.stop();
    return findings;
  } finally {
    await house.close();
    await upstream.close();
  }
}

function makeAll(
  { seed, calls, forMs = Number.POSITIVE_INFINITY, users, atATime, longestAnswer }: CallsOptions,
  upstream: BilledUpstream,
  { connections }: MoneySidecar,
): Promise<readonly Outcome[]> {
  const planner = new Planner(seed, longestAnswer, users);
  const until = performance.now() + forMs;
  function* plans() {
    for (let call = 0; call < calls && performance.now() < until; call++) {
      yield upstream.expect(planner.wild());
    }
  }
  return makeCalls(plans(), { atOnce: atATime, connections }, makeCall);
}

/** Those that watch the status to the end. */
function watchStatus({ client }: MoneySidecar, watchers: number): () => readonly Finding[] {
  let broken = 0;
  let ended = false;
  const streams = Array.from({ length: watchers }, () => {
    const stream = client.provider.stream('WatchStatus');
    stream.on('data', () => {});
    stream.on('error', () => {
      if (!ended) broken += 1;
    });
    return stream;
  });
  return () => {
    ended = true;
    for (const stream of streams) stream.cancel();
    return watchers === 0 ? [] : [none(`of ${watchers} watches, broken`, broken)];
  };
}

const SAMPLE_MS = 2_000;
const MAX_GROWTH_MIB = 48;

/** Resident memory from the second quarter of the time to the last. */
function watchMemory({ pid }: MoneySidecar): () => readonly Finding[] {
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(rssMiB(pid)), SAMPLE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    const quarter = samples.length / 4;
    const early = median(samples.slice(quarter, 2 * quarter));
    const end = median(samples.slice(3 * quarter));
    return growth(
      'resident memory of the sidecar',
      { early: early * MIB, end: end * MIB },
      MAX_GROWTH_MIB,
    );
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Of requests that a cancel overtakes on their way; their prompt is charged. */
const UNSEEN_SHARE = 0.001;

const DISORDERED = 'calls whose messages are not in order';

/** Ends that there must be some of. */
const USUAL_CODES = ['OK', 'CANCELLED', 'ABORTED'];
/** Ends that there may be some of, whatever the upstream does to a call. */
const RARE_CODES = ['DEADLINE_EXCEEDED', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED'];

function outcomeFindings(outcomes: readonly Outcome[]): readonly Finding[] {
  const tally = new Tally();
  for (const outcome of outcomes) {
    tally.addCall(outcome);
    if (outcome.disorder !== undefined) tally.add(DISORDERED);
  }
  const ended = (code: string) => ({ name: `calls that ended ${code}`, value: tally.of(code) });
  const known = [...USUAL_CODES, ...RARE_CODES];
  const others = outcomes
    .map(({ status }) => (status === undefined ? 'never' : codeName({ code: status })))
    .filter((code) => !known.includes(code));
  const named = others.length === 0 ? '' : `: ${[...new Set(others)].join(', ')}`;
  return [
    ...USUAL_CODES.map((code) => ({ ...ended(code), atLeast: 1 })),
    ...RARE_CODES.map(ended),
    none(`calls that ended otherwise${named}`, tally.of('calls') - tally.of(...known)),
    none(DISORDERED, tally.of(DISORDERED)),
  ];
}

function bookFindings(
  { pairs, unseen, doubles, missing, unbilled }: Reconciliation,
  upstream: BilledUpstream,
  { tolerance }: CallsOptions,
): readonly Finding[] {
  const exact = pairs.filter(isExact);
  const estimates = pairs.filter((pair) => !isExact(pair));
  const early = estimates.filter((pair) => !isCompleted(pair));
  return [
    { name: 'attempts that the upstream saw', value: upstream.bill.lines.length },
    none('billed attempts that the ledger lacks', missing.length),
    none('attempts that it has twice', doubles),
    none('attempts that it charges and the upstream does not', unbilled.length),
    {
      name: 'records of attempts that the upstream never saw',
      value: unseen.length,
      atMost: Math.ceil(pairs.length * UNSEEN_SHARE),
    },
    none(
      'records of another spender',
      pairs.filter((pair) => !isHis(pair, upstream.planOf(pair.line.question))).length,
    ),
    { name: 'completed with usage: attempts', value: exact.length, atLeast: 1 },
    none(
      'completed with usage: not exactly as billed',
      exact.filter((pair) => !agrees(pair)).length,
    ),
    none('estimates that are not marked', estimates.filter(({ row }) => !row.estimated).length),
    ...estimateFindings('completed without usage', estimates.filter(isCompleted), tolerance),
    ...estimateFindings('cancelled, overdue or broken', early, tolerance),
    outputFinding(
      'of them, ended by the caller',
      early.filter(({ row }) => endedByCaller(row)),
    ),
    outputFinding(
      'of them, broken by the upstream',
      early.filter(({ row }) => !endedByCaller(row)),
    ),
  ];
}

function isCompleted({ row }: Pair): boolean {
  return row.outcome === 'completed';
}

/** What callers are told their calls cost is the sum of the ledger's records of them. */
/** What callers were told, against the ledger. */
export function tellsFindings(
  outcomes: readonly Outcome[],
  rows: readonly LedgerRow[],
  { bill }: BilledUpstream,
): readonly Finding[] {
  const byTrace = Map.groupBy(rows, ({ traceId }) => traceId);
  const traces = new Map(bill.lines.map(({ question, traceId }) => [question, traceId]));
  const complete = outcomes.filter(({ completed }) => completed !== undefined);
  const wrong = complete.filter(({ plan, completed }) => {
    const records = byTrace.get(traces.get(plan.question) ?? '') ?? [];
    const told = (completed?.cost as { readonly total: unknown } | null)?.total;
    return nanos(told) !== toNanos(sumOf(records, ({ cost }) => cost));
  });
  return [
    { name: 'answers that were complete for their callers', value: complete.length, atLeast: 1 },
    none('answers that tell another cost than the ledger', wrong.length),
  ];
}
