/**
 * `npm run bench:memory`: resident memory of bench/floor.ts and of the build: idle, with streams open, and once
 * they are gone; of the build also when several prompts of 40 MB were answered behind that. Garbage is collected
 * before each look, so that the figures are what is held. `--streams N` sets the streams (1000).
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { methodOf } from './contract.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { grpcTarget } from './grpc-target.ts';
import { Load } from './load.ts';
import { exitOnSignals, type RunningProcess, settle, startProcess } from './processes.ts';
import { imageArgs } from './start-cost.ts';
import { type Column, figure, table } from './table.ts';
import { Tally } from './tally.ts';

const PROBE = ['--expose-gc', '--import', './bench/memory-probe.ts'];
/** What is loaded behind the start, and what a load leaves to be done, is over by then, in ms. */
const SETTLE_MS = 3_000;
const RAMP_MS = 2_000;
const LARGE = { calls: 4, bytes: 40_000_000, timeoutMs: 60_000 };

/** In MiB. */
interface Look {
  readonly name: string;
  readonly idle: number;
  readonly open: number;
  readonly gone: number;
  readonly afterLarge?: number;
}

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
const looks = [
  await look('floor', ['bench/floor.ts'], {}),
  await look('sidecar', imageArgs(), {
    OPENAI_API_KEY: 'bench',
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    TAMMA_CONFIG: 'bench/large-messages.yaml',
  }),
];
console.log(table(COLUMNS, looks));

async function look(
  name: 'floor' | 'sidecar',
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Look> {
  // Twelve seconds each: all are open when it is looked, and end by themselves, for what a call that is broken
  // off has cost is counted, with tables of its own.
  const stub = await startProcess({
    args: ['test/support/upstream/main.ts', '--stamp', '--deltas', '40', '--pace-ms', '300'],
  });
  const subject = await startProcess({
    args: [...PROBE, ...args],
    environment: { OPENAI_BASE_URL: stub.address, ...environment },
    stderr: 'ignore',
  });
  const idle = await rss(subject.child);
  const target = grpcTarget({
    address: subject.address,
    method: 'SendMessage',
    connections: 10,
    tally: new Tally(),
    deltaBytes: 20,
  });
  const load = new Load(target);
  await load.start(streams, RAMP_MS);
  const open = await rss(subject.child);
  await load.stop();
  target.close();
  const gone = await rss(subject.child);
  if (name === 'sidecar') await sendLarge(subject);
  const afterLarge = name === 'sidecar' ? await rss(subject.child) : undefined;
  await subject.stop();
  await stub.stop();
  return { name, idle, open, gone, ...(afterLarge !== undefined && { afterLarge }) };
}

async function rss(child: ChildProcess): Promise<number> {
  await sleep(SETTLE_MS);
  return (await settle(child)).rss / 2 ** 20;
}

/** One after the other, to a model of which no window is known. */
async function sendLarge({ address }: RunningProcess): Promise<void> {
  const { path, encode } = methodOf('SendMessage');
  const content = 'A long prompt. '.repeat(LARGE.bytes / 15);
  const request = encode({
    request: { model: 'a-model-of-its-own', messages: [{ role: 'ROLE_USER', content }] },
  });
  const connection = new GrpcConnection(address);
  for (let left = LARGE.calls; left > 0; left -= 1) {
    const call = connection.call(path, request, LARGE.timeoutMs, () => {});
    const status = await call.status;
    if (status !== 0) throw new Error(`a large call ended with ${status}: ${call.details()}`);
  }
  connection.close();
}
