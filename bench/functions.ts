/**
 * `npm run bench:functions`: how many functions, those of Node.js and of packages included, the sidecar calls for a
 * short call, a whole one and a paced chunk, beside bench/floor.ts. Other than time, that is the same on every
 * machine and whatever else runs there, but for the chunk: the fewer come in one turn of the event loop, the more it
 * takes. `--places` says where they are; `--max SHORT,WHOLE` exits 1 if a call takes more.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { FunctionCalls } from './function-probe.ts';
import { grpcTarget } from './grpc-target.ts';
import { callTimes } from './load.ts';
import { DELTA_BYTES, startStub } from './measure.ts';
import { exitOnSignals, type RunningProcess, startProcess } from './processes.ts';
import { figure, table } from './table.ts';
import { Tally } from './tally.ts';

type Method = 'SendMessage' | 'SendMessageSync';

interface Subject {
  readonly name: 'floor' | 'sidecar';
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'floor', entry: 'bench/floor.ts', environment: {} },
  {
    name: 'sidecar',
    entry: 'src/main.ts',
    environment: {
      OPENAI_API_KEY: 'bench',
      TAMMA_LISTEN: '127.0.0.1:0',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      TAMMA_CONFIG: 'bench/everything-on.yaml',
    },
  },
];

const AT_ONCE = 10;
/** Behind the first of them nothing is loaded any more. */
const WARM_UP = 100;
const COUNTED = 400;
/** Of an answer whose chunks are counted. */
const PACED = { deltas: 42, paceMs: 5 };
const SHORT = { deltas: 2, paceMs: 0 };

const { values } = parseArgs({
  options: { places: { type: 'boolean', default: false }, max: { type: 'string' } },
});
exitOnSignals();

const rows = [
  { what: 'a short call: 2 chunks, streamed', ...(await both('SendMessage', SHORT)) },
  {
    what: 'a whole call of 20 chunks',
    ...(await both('SendMessageSync', { ...SHORT, deltas: 20 })),
  },
  { what: 'a paced chunk', ...(await ofChunk()) },
];
console.log(
  table(
    [
      { title: 'functions called for', cell: ({ what }) => what },
      { title: 'floor', cell: ({ floor }) => figure(total(floor), 0) },
      { title: 'sidecar', cell: ({ sidecar }) => figure(total(sidecar), 0) },
      { title: 'ratio', cell: (row) => figure(total(row.sidecar) / total(row.floor), 2) },
    ],
    rows,
  ),
);
if (values.places) {
  for (const { what, floor, sidecar } of rows) {
    const places = Object.keys(sidecar).toSorted((a, b) => (sidecar[b] ?? 0) - (sidecar[a] ?? 0));
    const shown = places.filter((place) => (sidecar[place] ?? 0) >= 0.5);
    const columns = [
      { title: what, cell: (place: string) => place },
      { title: 'floor', cell: (place: string) => figure(floor[place] ?? 0, 1) },
      { title: 'sidecar', cell: (place: string) => figure(sidecar[place], 1) },
    ];
    console.log(`\n${table(columns, shown)}`);
  }
}
const most = values.max?.split(',').map(Number) ?? [];
if (rows.some(({ sidecar }, at) => total(sidecar) > (most[at] ?? Infinity))) process.exitCode = 1;

interface Both {
  readonly floor: FunctionCalls;
  readonly sidecar: FunctionCalls;
}

async function both(method: Method, answer: typeof SHORT): Promise<Both> {
  const [floor = {}, sidecar = {}] = await Promise.all(
    SUBJECTS.map((subject) => perCall(subject, method, answer)),
  );
  return { floor, sidecar };
}

/** What a longer answer takes more, divided by the chunks it has more. */
async function ofChunk(): Promise<Both> {
  const long = await both('SendMessage', PACED);
  const short = await both('SendMessage', { ...PACED, deltas: SHORT.deltas });
  const more = (a: FunctionCalls, b: FunctionCalls): FunctionCalls =>
    mapValues(a, (calls, place) => (calls - (b[place] ?? 0)) / (PACED.deltas - SHORT.deltas));
  return { floor: more(long.floor, short.floor), sidecar: more(long.sidecar, short.sidecar) };
}

async function perCall(subject: Subject, method: Method, answer: typeof SHORT) {
  const { entry, environment } = subject;
  const stub = await startStub(answer);
  const running = await startProcess({
    args: ['--import', './bench/function-probe.ts', entry],
    environment: { OPENAI_BASE_URL: stub.address, ...environment },
    stderr: 'ignore',
  });
  try {
    const { address } = running;
    const options = {
      address,
      method,
      connections: 4,
      tally: new Tally(),
      deltaBytes: DELTA_BYTES,
    };
    const target = grpcTarget(options);
    await callTimes(target, WARM_UP, AT_ONCE);
    await ask(running, 'count');
    await callTimes(target, COUNTED, AT_ONCE);
    const calls = await ask(running, 'answer');
    target.close();
    return mapValues(calls, (count) => count / COUNTED);
  } finally {
    await running.stop();
    await stub.stop();
  }
}

async function ask({ child }: RunningProcess, word: 'count' | 'answer'): Promise<FunctionCalls> {
  const answered = once(child, 'message');
  child.send(word);
  return (await answered)[0];
}

function mapValues(calls: FunctionCalls, map: (count: number, place: string) => number) {
  return Object.fromEntries(
    Object.entries(calls).map(([place, count]) => [place, map(count, place)]),
  );
}

function total(calls: FunctionCalls): number {
  return Object.values(calls).reduce((all, count) => all + count, 0);
}
