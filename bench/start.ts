/**
 * `npm run bench:start`: what a start of the build takes, with the options and the compile cache of the image:
 * to listening, and to the end of `--version` and `--help`, in turn with a bare Node.js; and how long the first
 * calls take beside the hundredth. Medians of `--times N` (9) rounds.
 */
import { parseArgs } from 'node:util';
import { grpcTarget } from './grpc-target.ts';
import { exitOnSignals, startProcess } from './processes.ts';
import { startSidecar } from './sidecar.ts';
import {
  ALONE,
  BARE_NODE,
  compileCache,
  imageArgs,
  runMs,
  type StartCost,
  startCost,
} from './start-cost.ts';
import { median } from './statistics.ts';
import { type Column, figure, table } from './table.ts';
import { Tally } from './tally.ts';

/** Between the start and the first call, in ms: what is loaded behind the start is there by then. */
const SETTLE_MS = 1_000;
const CALLS = 110;

interface Row {
  readonly what: string;
  readonly wallMs: readonly number[];
  readonly cpuMs?: readonly number[];
  readonly rssMiB?: readonly number[];
}

interface Round {
  readonly bare: StartCost;
  readonly cold: StartCost;
  readonly start: StartCost;
  readonly version: number;
  readonly help: number;
  readonly calls: readonly number[];
}

const { values } = parseArgs({ options: { times: { type: 'string', default: '9' } } });
exitOnSignals();
const args = imageArgs();
const environment = { ...ALONE, ...(await compileCache(args)) };
const rounds: Round[] = [];
for (let left = Number(values.times); left > 0; left -= 1) {
  rounds.push({
    bare: await startCost(BARE_NODE, {}),
    cold: await startCost(args, ALONE),
    start: await startCost(args, environment),
    version: runMs([...args, '--version'], environment),
    help: runMs([...args, '--help'], environment),
    calls: await callTimes(environment),
  });
}
const costs = (of: 'bare' | 'cold' | 'start') => ({
  wallMs: rounds.map((round) => round[of].wallMs),
  cpuMs: rounds.map((round) => round[of].cpuMs),
  rssMiB: rounds.map((round) => round[of].rssMiB),
});
const ROWS: readonly Row[] = [
  { what: 'bare Node.js', ...costs('bare') },
  { what: 'to listening', ...costs('start') },
  { what: 'to listening, without a compile cache', ...costs('cold') },
  { what: '--version', wallMs: rounds.map(({ version }) => version) },
  { what: '--help', wallMs: rounds.map(({ help }) => help) },
  { what: 'first call', wallMs: rounds.map(({ calls }) => calls[0] ?? Number.NaN) },
  { what: 'second call', wallMs: rounds.map(({ calls }) => calls[1] ?? Number.NaN) },
  { what: 'calls 100 to 109', wallMs: rounds.map(({ calls }) => median(calls.slice(99))) },
];
const COLUMNS: readonly Column<Row>[] = [
  { title: 'what', cell: ({ what }) => what },
  { title: 'wall ms', cell: ({ wallMs }) => figure(median(wallMs), 1) },
  { title: 'CPU ms', cell: ({ cpuMs }) => figure(cpuMs && median(cpuMs), 0) },
  { title: 'RSS MiB', cell: ({ rssMiB }) => figure(rssMiB && median(rssMiB), 0) },
];
console.log(table(COLUMNS, ROWS));

/** In ms, of calls of two chunks one after the other. */
async function callTimes(own: Readonly<Record<string, string>>): Promise<readonly number[]> {
  const stub = await startProcess({
    args: ['test/support/upstream/main.ts', '--stamp', '--deltas', '2', '--pace-ms', '0'],
  });
  const [entry, ...nodeOptions] = args.toReversed();
  const sidecar = await startSidecar({
    upstream: stub.address,
    nodeOptions: nodeOptions.toReversed(),
    ...(entry !== undefined && { entry }),
    environment: { ...own, OPENAI_BASE_URL: stub.address },
  });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const target = grpcTarget({
    address: sidecar.address,
    method: 'SendMessage',
    connections: 1,
    tally: new Tally(),
    deltaBytes: 20,
  });
  const times: number[] = [];
  while (times.length < CALLS) {
    const before = performance.now();
    await target.call();
    times.push(performance.now() - before);
  }
  target.close();
  await sidecar.stop();
  await stub.stop();
  return times;
}
