/**
 * `npm run bench:pairs [-- --pairs N] [-- --write]`: CPU time of a call, the sidecar beside bench/floor.ts on one core. Both
 * are asked by turns, for a second or less, so that a machine that is slower in one minute than in the next
 * is so for both; told are medians, and the median and the quartiles of each pair's ratio. The sidecar has
 * everything on. `--write` puts the table into docs/performance.md.
 */
import { parseArgs } from 'node:util';
import { everythingOn } from './everything-on.ts';
import { grpcTarget } from './grpc-target.ts';
import { callTimes } from './load.ts';
import { thisMachine } from './machine.ts';
import { DELTA_BYTES, startStub } from './measure.ts';
import { writeInto } from './page.ts';
import {
  CORES,
  cpuSeconds,
  exitOnSignals,
  pinMyself,
  pinnable,
  startProcess,
} from './processes.ts';
import { quantile } from './statistics.ts';
import { figure, table } from './table.ts';
import { Tally } from './tally.ts';
import type { Target } from './target.ts';

const LOADS = [
  { what: 'a short call: 2 chunks, streamed', method: 'SendMessage', deltas: 2 },
  { what: 'a whole call of 20 chunks', method: 'SendMessageSync', deltas: 20 },
] as const;
const ENTRIES = { floor: 'bench/floor.ts', sidecar: 'src/main.ts' } as const;

/** V8 goes on compiling what a call runs for some thousands of them. */
const WARM_UP = 12_000;
/** Of a turn: CPU time is told in steps of 10 ms. */
const CALLS = 1_000;
const AT_ONCE = 10;
const PLACE = {
  page: 'docs/performance.md',
  start: '<!-- pairs -->',
  end: '<!-- /pairs -->',
};

/** Microseconds of each turn, and the ratios of pairs. */
interface Row {
  readonly what: string;
  readonly floor: readonly number[];
  readonly sidecar: readonly number[];
  readonly ratios: readonly number[];
}

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '40' },
    write: { type: 'boolean', default: false },
  },
});
exitOnSignals();
// Before this process is bound to one core.
const { date, cpu, cores, node } = thisMachine();
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);

const rows: Row[] = [];
for (const load of LOADS) rows.push({ what: load.what, ...(await measure(load)) });
const text = `${date}: ${cpu}, ${cores} cores, Node.js ${node}; ${values.pairs} pairs of ${CALLS} calls.

${table(
  [
    { title: 'CPU us', cell: ({ what }: Row) => what },
    { title: 'floor', cell: ({ floor }) => figure(quantile([...floor], 0.5), 0) },
    { title: 'sidecar', cell: ({ sidecar }) => figure(quantile([...sidecar], 0.5), 0) },
    { title: 'ratio', cell: ({ ratios }) => figure(quantile([...ratios], 0.5), 2) },
    {
      title: 'quartiles',
      cell: ({ ratios }) =>
        [0.25, 0.75].map((share) => figure(quantile([...ratios], share), 2)).join(' to '),
    },
  ],
  rows,
)}`;
console.log(text);
if (values.write) writeInto(PLACE, text);

async function measure({ method, deltas }: (typeof LOADS)[number]): Promise<Omit<Row, 'what'>> {
  const stub = await startStub({ deltas, paceMs: 0 }, pinned ? CORES.load : undefined);
  const subjects = [await start('floor'), await start('sidecar')] as const;
  const [floor, sidecar]: [number[], number[]] = [[], []];
  for (const subject of subjects) await cpuOf(subject, WARM_UP);
  for (let pair = 0; pair < Number(values.pairs); pair += 1) {
    // Whoever is first has the cooler core.
    if (pair % 2 === 0) floor.push(await cpuOf(subjects[0]));
    sidecar.push(await cpuOf(subjects[1]));
    if (pair % 2 === 1) floor.push(await cpuOf(subjects[0]));
  }
  for (const { target, stop } of subjects) {
    target.close();
    await stop();
  }
  await stub.stop();
  return { floor, sidecar, ratios: sidecar.map((us, pair) => us / (floor[pair] ?? Number.NaN)) };

  async function start(name: keyof typeof ENTRIES) {
    const { pid, address, stop } = await startProcess({
      args: [ENTRIES[name]],
      environment: {
        OPENAI_BASE_URL: stub.address,
        OPENAI_API_KEY: 'bench',
        TAMMA_LISTEN: '127.0.0.1:0',
        TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
        ...everythingOn(),
      },
      stderr: 'ignore',
      ...(pinned && { core: CORES.sidecar }),
    });
    const common = { address, method, tally: new Tally(), deltaBytes: DELTA_BYTES };
    return { pid, stop, target: grpcTarget({ ...common, connections: 4 }) };
  }
}

/** Microseconds for each of so many calls. */
async function cpuOf({ pid, target }: { pid: number; target: Target }, calls = CALLS) {
  const before = cpuSeconds(pid);
  await callTimes(target, calls, AT_ONCE);
  return ((cpuSeconds(pid) - before) / calls) * 1e6;
}
