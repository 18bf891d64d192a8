/**
 * `npm run bench:pairs [-- --pairs N] [-- --processes N] [-- --write]`: CPU time of a call and of a paced chunk, the sidecar
 * beside bench/floor.ts on one core. Both are asked by turns, for a few seconds or less, so that a machine that is slower in one
 * minute than in the next is so for both, and started anew several times, for no two processes of one program take the same; told
 * are medians, and the median and the quartiles of each pair's ratio. The sidecar has everything on. `--write` puts the
 * table into docs/performance.md.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { everythingOn } from './everything-on.ts';
import { grpcTarget } from './grpc-target.ts';
import { callTimes } from './load.ts';
import { thisMachine } from './machine.ts';
import { DELTA_BYTES, startStub, warmUp } from './measure.ts';
import { writeInto } from './page.ts';
import {
  CORES,
  cpuSeconds,
  exitOnSignals,
  pinMyself,
  pinnable,
  startProcess,
} from './processes.ts';
import { sidecarEnvironment } from './sidecar.ts';
import { quantile } from './statistics.ts';
import { figure, table } from './table.ts';
import { Tally } from './tally.ts';
import type { Target } from './target.ts';

interface PairedLoad {
  readonly what: string;
  readonly method: 'SendMessage' | 'SendMessageSync';
  /** Chunks of an answer, and ms between two of them. */
  readonly deltas: number;
  readonly paceMs: number;
  /** Of a turn. */
  readonly calls: number;
  readonly atOnce: number;
  /** What of a call is told. */
  readonly per: number;
}

/** CPU time is told in steps of 10 ms: a turn takes many of them. */
const CALLS = { paceMs: 0, calls: 1_000, atOnce: 10, per: 1 };

const LOADS: readonly PairedLoad[] = [
  { what: 'a short call: 2 chunks, streamed', method: 'SendMessage', deltas: 2, ...CALLS },
  { what: 'a whole call of 20 chunks', method: 'SendMessageSync', deltas: 20, ...CALLS },
  {
    what: 'a chunk, 20 ms behind the last, on 200 streams',
    method: 'SendMessage',
    deltas: 150,
    paceMs: 20,
    calls: 200,
    atOnce: 200,
    per: 150,
  },
];
const ENTRIES = { floor: 'bench/floor.ts', sidecar: 'src/main.ts' } as const;
type Name = keyof typeof ENTRIES;
const FLOOR_FIRST: readonly Name[] = ['floor', 'sidecar'];
const SIDECAR_FIRST: readonly Name[] = ['sidecar', 'floor'];

/** Over which the begins of calls are spread: those of one tick would go on in step. */
const RAMP_MS = 400;
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
    processes: { type: 'string', default: '4' },
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
const text = `${date}: ${cpu}, ${cores} cores, Node.js ${node}; ${values.pairs} pairs of turns, of ${values.processes} processes of each.

${table(
  [
    { title: 'CPU us', cell: ({ what }: Row) => what },
    { title: 'floor', cell: ({ floor }) => figure(quantile([...floor], 0.5), 1) },
    { title: 'sidecar', cell: ({ sidecar }) => figure(quantile([...sidecar], 0.5), 1) },
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

async function measure(load: PairedLoad): Promise<Omit<Row, 'what'>> {
  const [floor, sidecar]: [number[], number[]] = [[], []];
  const processes = Number(values.processes);
  for (let i = 1; i <= processes; i += 1) {
    const until = Math.round((Number(values.pairs) * i) / processes);
    // Whoever is started first waits while the other is warmed up.
    const turns = await measureOnce(
      load,
      i % 2 === 0 ? FLOOR_FIRST : SIDECAR_FIRST,
      until - floor.length,
    );
    floor.push(...turns.floor);
    sidecar.push(...turns.sidecar);
  }
  return { floor, sidecar, ratios: sidecar.map((us, pair) => us / (floor[pair] ?? Number.NaN)) };
}

/** With processes of its own. */
async function measureOnce(load: PairedLoad, order: readonly Name[], pairs: number) {
  const stub = await startStub(load, { warmUp: true, ...(pinned && { core: CORES.load }) });
  const subjects = [];
  for (const name of order) subjects.push(await start(name));
  const targets = subjects.map(({ target }) => target);
  await warmUp(targets, stub);
  for (const target of targets) await ask(target, load, load.calls);
  const turns: Record<Name, number[]> = { floor: [], sidecar: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    // Whoever is first has the cooler core.
    subjects.reverse();
    for (const subject of subjects) turns[subject.name].push(await cpuOf(subject, load));
  }
  for (const { target, stop } of subjects) {
    target.close();
    await stop();
  }
  await stub.stop();
  return turns;

  async function start(name: Name) {
    const { pid, address, stop } = await startProcess({
      args: [ENTRIES[name]],
      environment: { ...sidecarEnvironment(stub.address), ...everythingOn() },
      stderr: 'ignore',
      ...(pinned && { core: CORES.sidecar }),
    });
    const common = { address, method: load.method, tally: new Tally(), deltaBytes: DELTA_BYTES };
    return { name, pid, stop, target: grpcTarget({ ...common, connections: 4 }) };
  }
}

/** Microseconds of a turn, for each of what is told. */
async function cpuOf({ pid, target }: { pid: number; target: Target }, load: PairedLoad) {
  const before = cpuSeconds(pid);
  await ask(target, load, load.calls);
  return ((cpuSeconds(pid) - before) / load.calls / load.per) * 1e6;
}

async function ask(target: Target, { atOnce, paceMs }: PairedLoad, calls: number): Promise<void> {
  if (paceMs === 0) return callTimes(target, calls, atOnce);
  const stream = async (_: unknown, i: number) => {
    await sleep((i / atOnce) * RAMP_MS);
    await callTimes(target, calls / atOnce, 1);
  };
  await Promise.all(Array.from({ length: atOnce }, stream));
}
