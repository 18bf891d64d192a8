/**
 * `npm run bench:ledger`: whether reading the ledger, and moving its log on, hold up what is streamed. A
 * sidecar with a ledger of ten million records relays 200 paced streams: alone; while GetUsage reads all of
 * these records, one by one; while its database is checkpointed without end; during both; and alone again.
 * `-- --write` puts the table into docs/ledger.md, `--rows N` (default 10000000) makes a smaller ledger.
 * Exits 1 if a call failed, or the relay's p99 beside both is more than 5 ms above the higher of those alone.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { connect, type GrpcClient, type WireMessage } from '../test/support/grpc-client.ts';
import { everythingOn } from './everything-on.ts';
import { grpcTarget } from './grpc-target.ts';
import { type Filled, fillLedger } from './ledger/fill.ts';
import { Load } from './load.ts';
import { thisMachine } from './machine.ts';
import { DELTA_BYTES, startStub } from './measure.ts';
import { writeInto } from './page.ts';
import { CORES, exitOnSignals, pinMyself, pinnable } from './processes.ts';
import { startSidecar } from './sidecar.ts';
import { median, quantile } from './statistics.ts';
import { figure, table } from './table.ts';
import { Tally } from './tally.ts';

const STREAMS = 200;
/** Two seconds each: a hundred are booked every second. */
const ANSWER = { deltas: 100, paceMs: 20 } as const;
const RAMP_MS = 2_000;
const WARM_UP_MS = 3_000;
const WINDOW_MS = 3_000;
/** Of each state at least. */
const WINDOWS = 6;
const ALLOWED_MS = 5;

const PLACE = {
  page: 'docs/ledger.md',
  start: '<!-- queries: written by npm run bench:ledger -- --write -->',
  end: '<!-- end of queries -->',
};

interface Window {
  readonly calls: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

interface State {
  readonly name: string;
  readonly windows: readonly Window[];
  /** Of GetUsage, until its answer; undefined if it was not asked. */
  readonly querySeconds: number | undefined;
  /** In which the database was checkpointed. */
  readonly checkpointed: number;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    write: { type: 'boolean', default: false },
  },
});
exitOnSignals();
const { date, cpu, cores, memoryGiB, node } = thisMachine();
const pinned = pinnable();
const environment = everythingOn();
process.stderr.write(`a ledger of ${values.rows} records …\n`);
const ledger = fillLedger(environment.TAMMA_DATA_DIR ?? '', Number(values.rows), Date.now());
if (pinned) pinMyself(CORES.load);

const stub = await startStub(ANSWER, pinned ? { core: CORES.load } : {});
const sidecar = await startSidecar({
  upstream: stub.address,
  environment,
  ...(pinned && { core: CORES.sidecar }),
});
const client = connect(sidecar.address, { 'grpc.use_local_subchannel_pool': 1 });
const tally = new Tally();
const target = grpcTarget({
  address: sidecar.address,
  method: 'SendMessage',
  connections: 4,
  tally,
  deltaBytes: DELTA_BYTES,
});
const load = new Load(target);
await load.start(STREAMS, RAMP_MS);
await sleep(WARM_UP_MS);

const states = [
  await observe('alone'),
  await observe('GetUsage', { query: true }),
  await observe('checkpoints', { checkpoints: true }),
  await observe('GetUsage and checkpoints', { query: true, checkpoints: true }),
  await observe('alone again'),
];
const stopped = load.stop();
target.close();
await stopped;
client.close();
await sidecar.stop();
await stub.stop();

const where = `${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node.js ${node}; ${values.rows} records, ${STREAMS} streams of a chunk per ${ANSWER.paceMs} ms; ${pinned ? 'the sidecar, with all its threads, alone on one core, load and stub on another' : 'not bound to cores'}.`;
const rendered = table(
  [
    { title: 'beside', cell: ({ name }) => name },
    { title: 'relay p50, ms', cell: (state) => figure(typical(state, 'p50'), 2) },
    { title: 'p99', cell: (state) => figure(typical(state, 'p99'), 1) },
    {
      title: 'longest',
      cell: ({ windows }) => figure(Math.max(...windows.map((w) => w.longest)), 0),
    },
    { title: 'windows', cell: ({ windows }) => String(windows.length) },
    { title: 'of them, with a checkpoint', cell: ({ checkpointed }) => String(checkpointed) },
    { title: 'GetUsage took, s', cell: ({ querySeconds }) => figure(querySeconds, 1) },
  ],
  states,
);
const text = `${where}\n\n${rendered}`;
console.log(text);
if (values.write) writeInto(PLACE, text);
const [alone, , , both, again] = states.map((state) => typical(state, 'p99'));
const failed = states.flatMap(({ windows }) => windows).some((window) => window.failed > 0);
const bound = Math.max(alone ?? Number.NaN, again ?? Number.NaN) + ALLOWED_MS;
process.exitCode = !failed && (both ?? Number.NaN) <= bound ? 0 : 1;

interface Company {
  readonly query?: true;
  readonly checkpoints?: true;
}

/** Measures until GetUsage has answered, and for some windows at least. */
async function observe(name: string, { query, checkpoints }: Company = {}): Promise<State> {
  process.stderr.write(`${name} …\n`);
  const writer = checkpoints && writeOn(ledger);
  const asked = query && ask(client, ledger);
  const windows: Window[] = [];
  let answered = asked === undefined;
  let checkpointed = 0;
  const querySeconds = asked?.finally(() => {
    answered = true;
  });
  while (windows.length < WINDOWS || !answered) {
    // Only a checkpoint writes to the file; what is committed is in the log beside it.
    const before = statSync(ledger.path).mtimeMs;
    windows.push(await window());
    if (statSync(ledger.path).mtimeMs !== before) checkpointed += 1;
  }
  await writer?.terminate();
  return { name, windows, checkpointed, querySeconds: await querySeconds };
}

async function window(): Promise<Window> {
  tally.open();
  await sleep(WINDOW_MS);
  const { calls, failed, relay } = tally.close();
  const of = (share: number) => quantile(relay, share);
  return { calls, failed, p50: of(0.5), p99: of(0.99), longest: of(1) };
}

/** Seconds until the answer. */
async function ask({ usage }: GrpcClient, { from, until }: Filled): Promise<number> {
  const began = performance.now();
  const { total } = await usage.unary('GetUsage', {
    startTime: timestamp(from),
    endTime: timestamp(until),
    groupBy: ['USAGE_DIMENSION_MODEL', 'USAGE_DIMENSION_PROJECT'],
  });
  const { attempts } = total as WireMessage;
  if (Number(attempts) < 0.999 * Number(values.rows)) throw new Error(`GetUsage read ${attempts}`);
  return (performance.now() - began) / 1_000;
}

function timestamp(epochMs: number): WireMessage {
  return { seconds: Math.floor(epochMs / 1_000), nanos: (epochMs % 1_000) * 1e6 };
}

function writeOn({ path, from, until }: Filled): Worker {
  return new Worker(new URL('./ledger/writer.ts', import.meta.url), {
    workerData: { path, from, until },
  });
}

function typical({ windows }: State, share: 'p50' | 'p99'): number {
  return median(windows.map((window) => window[share]));
}
