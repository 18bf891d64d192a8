/**
 * `npm run bench:memory`: resident memory of bench/floor.ts and of the build, as the image starts it: idle, with streams open,
 * and once they are gone. Garbage is collected before each look, so that the figures are what is held. Of the build also when
 * several prompts of 40 MB were answered, where it has to see to its garbage itself. `--streams N` sets the streams (1000).
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { methodOf } from './contract.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { grpcTarget } from './grpc-target.ts';
import { Load } from './load.ts';
import { exitOnSignals, rssMiB, settle, startProcess } from './processes.ts';
import { imageArgs } from './start-cost.ts';
import { type Column, figure, table } from './table.ts';
import { Tally } from './tally.ts';

const PROBE = ['--expose-gc', '--import', './bench/memory-probe.ts'];
/** What is loaded behind the start, and what a load leaves to be done, is over by then, in ms. */
const SETTLE_MS = 3_000;
const RAMP_MS = 2_000;
/** `restMs`: twice what it rests until it collects. */
const LARGE = { calls: 4, bytes: 40_000_000, timeoutMs: 60_000, restMs: 12_000 };
/** Twelve seconds each: all are open when it is looked, and end by themselves, for what a call that is broken off has cost is counted, with tables of its own. */
const OPEN = ['--deltas', '40', '--pace-ms', '300'];
const AT_ONCE = ['--deltas', '40', '--pace-ms', '0'];

/** In MiB. */
interface Look {
  readonly name: string;
  readonly idle: number;
  readonly open: number;
  readonly gone: number;
  readonly afterLarge?: number;
}

interface Subject {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const FLOOR: Subject = { args: ['bench/floor.ts'] };
const SIDECAR: Subject = {
  args: imageArgs(),
  environment: {
    MALLOC_ARENA_MAX: '2',
    OPENAI_API_KEY: 'bench',
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    TAMMA_CONFIG: 'bench/large-messages.yaml',
  },
};

const { values } = parseArgs({ options: { streams: { type: 'string', default: '1000' } } });
const streams = Number(values.streams);
exitOnSignals();
const COLUMNS: readonly Column<Look>[] = [
  { title: 'RSS in MiB', cell: ({ name }) => name },
  { title: 'idle', cell: ({ idle }) => figure(idle, 0) },
  { title: `${streams} streams open`, cell: ({ open }) => figure(open, 0) },
  { title: 'per stream', cell: ({ idle, open }) => figure((open - idle) / streams, 3) },
  { title: 'streams gone', cell: ({ gone }) => figure(gone, 0) },
  { title: `after ${LARGE.calls} of 40 MB`, cell: ({ afterLarge }) => figure(afterLarge, 0) },
];
console.log(
  table(COLUMNS, [
    { name: 'floor', ...(await withStreams(FLOOR)) },
    { name: 'sidecar', ...(await withStreams(SIDECAR)), afterLarge: await afterLarge(SIDECAR) },
  ]),
);

async function withStreams(of: Subject): Promise<Pick<Look, 'idle' | 'open' | 'gone'>> {
  const { subject, stop } = await start(of, OPEN, PROBE);
  const idle = await held(subject.child);
  const target = grpcTarget({
    address: subject.address,
    method: 'SendMessage',
    connections: 10,
    tally: new Tally(),
    deltaBytes: 20,
  });
  const load = new Load(target);
  await load.start(streams, RAMP_MS);
  const open = await held(subject.child);
  await load.stop();
  target.close();
  const gone = await held(subject.child);
  await stop();
  return { idle, open, gone };
}

async function held(child: ChildProcess): Promise<number> {
  await sleep(SETTLE_MS);
  return (await settle(child)).rss / 2 ** 20;
}

/** One after the other, to a model of which no window is known. */
async function afterLarge(of: Subject): Promise<number> {
  const { subject, stop } = await start(of, AT_ONCE);
  const { path, encode } = methodOf('SendMessage');
  const content = 'A long prompt. '.repeat(LARGE.bytes / 15);
  const request = encode({
    request: { model: 'a-model-of-its-own', messages: [{ role: 'ROLE_USER', content }] },
  });
  const connection = new GrpcConnection(subject.address);
  for (let left = LARGE.calls; left > 0; left -= 1) {
    const call = connection.call(path, request, LARGE.timeoutMs, () => {});
    const status = await call.status;
    if (status !== 0) throw new Error(`a large call ended with ${status}: ${call.details()}`);
  }
  connection.close();
  await sleep(LARGE.restMs);
  const rss = rssMiB(subject.pid);
  await stop();
  return rss;
}

async function start({ args, environment }: Subject, answers: string[], options: string[] = []) {
  const stub = await startProcess({
    args: ['test/support/upstream/main.ts', '--stamp', ...answers],
  });
  const subject = await startProcess({
    args: [...options, ...args],
    environment: { OPENAI_BASE_URL: stub.address, ...environment },
    stderr: 'ignore',
  });
  const stop = async (): Promise<void> => {
    await subject.stop();
    await stub.stop();
  };
  return { subject, stop };
}
