/**
 * `npm run bench:garbage`: what a short call allocates in V8's young generation, what of it a collection of that finds in
 * use and copies, and how much of that goes to the old generation; for the floor and the sidecar. Ten calls at a
 * time. Bytes are much the same on every machine, times are not.
 */
import { createInterface } from 'node:readline';
import { everythingOn } from './everything-on.ts';
import { grpcTarget } from './grpc-target.ts';
import { callTimes } from './load.ts';
import { DELTA_BYTES, startStub } from './measure.ts';
import { exitOnSignals, type RunningProcess, startProcess } from './processes.ts';
import { sidecarEnvironment } from './sidecar.ts';
import { table } from './table.ts';
import { Tally } from './tally.ts';

const WARM_UP = 12_000;
const CALLS = 12_000;
const AT_ONCE = 10;
const KIB = 1024;

/** What V8 tells of a collection with --trace-gc-nvp, in bytes and ms. */
interface Collection {
  /** `s`: of the young generation. */
  readonly gc: string;
  readonly pause: number;
  readonly allocated: number;
  readonly promoted: number;
  readonly new_space_survived: number;
}

interface Row {
  readonly subject: string;
  readonly young: readonly Collection[];
}

const LINE = /^\[\d+:(0x[0-9a-f]+):\d+\].* GC: (\{.*\})$/;

async function measured(subject: string, entry: string, upstream: string): Promise<Row> {
  const running = await startProcess({
    args: ['--trace-gc-nvp', entry],
    environment: { ...sidecarEnvironment(upstream), ...everythingOn() },
    stderr: 'ignore',
  });
  const ofIsolate = collectionsOf(running);
  const target = grpcTarget({
    address: running.address,
    method: 'SendMessage',
    tally: new Tally(),
    deltaBytes: DELTA_BYTES,
    connections: 4,
  });
  await callTimes(target, WARM_UP, AT_ONCE);
  ofIsolate.clear();
  await callTimes(target, CALLS, AT_ONCE);
  // Threads have heaps of their own; the one that answers allocates most.
  const all = [...ofIsolate.values()].map((of) => of.filter(({ gc }) => gc === 's'));
  const [young = []] = all.sort((a, b) => sum(b, 'allocated') - sum(a, 'allocated'));
  target.close();
  await running.stop();
  return { subject, young };
}

function collectionsOf({ child }: RunningProcess): Map<string, Collection[]> {
  const ofIsolate = new Map<string, Collection[]>();
  if (child.stdout === null) throw new Error('The process has no standard output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, isolate = '', json = ''] = LINE.exec(line) ?? [];
    if (json === '') return;
    const of = ofIsolate.get(isolate) ?? [];
    ofIsolate.set(isolate, of);
    of.push(JSON.parse(json));
  });
  return ofIsolate;
}

function sum(collections: readonly Collection[], what: Exclude<keyof Collection, 'gc'>): number {
  return collections.reduce((total, one) => total + one[what], 0);
}

const perCall = (what: 'allocated' | 'promoted' | 'new_space_survived') => (row: Row) =>
  (sum(row.young, what) / CALLS / KIB).toFixed(1);

exitOnSignals();
const stub = await startStub({ deltas: 2, paceMs: 0 });
const rows = [
  await measured('floor', 'bench/floor.ts', stub.address),
  await measured('sidecar', 'src/main.ts', stub.address),
];
await stub.stop();
console.log(
  table<Row>(
    [
      { title: 'a short call of', cell: ({ subject }) => subject },
      { title: 'allocates, KiB', cell: perCall('allocated') },
      { title: 'of it copied', cell: perCall('new_space_survived') },
      { title: 'to the old generation', cell: perCall('promoted') },
      {
        title: 'a collection, ms',
        cell: ({ young }) => (sum(young, 'pause') / Math.max(1, young.length)).toFixed(1),
      },
    ],
    rows,
  ),
);
