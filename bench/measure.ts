import { setTimeout as sleep } from 'node:timers/promises';
import { directTarget } from './direct-target.ts';
import { grpcTarget } from './grpc-target.ts';
import { Load } from './load.ts';
import { cpuSeconds, type RunningProcess, rssMiB, startProcess } from './processes.ts';
import type { Row } from './rows.ts';
import { type SidecarOptions, startSidecar } from './sidecar.ts';
import { quantile } from './statistics.ts';
import { type Figures, Tally } from './tally.ts';
import type { Target } from './target.ts';

export interface MeasureOptions {
  /** Windows measured one after another. */
  readonly repetitions: number;
  /** The cores of the sidecar and of all the rest. Default: any. */
  readonly cores?: { readonly sidecar: number; readonly load: number };
  readonly entry?: string;
  readonly nodeOptions?: readonly string[];
}

/** One window. CPU is in seconds, delays in ms. */
export interface Sample extends Omit<Figures, 'firstText' | 'relay'> {
  /** NaN without a sidecar. */
  readonly cpuSeconds: number;
  /** Of the bench and the stub together; NaN where it cannot be told. */
  readonly loadCpuSeconds: number;
  readonly firstTextP50: number;
  readonly firstTextP99: number;
  readonly relayP50: number;
  readonly relayP99: number;
}

export interface Measured {
  readonly row: Row;
  readonly samples: readonly Sample[];
  /** MiB before the first call and after the last window; undefined without a sidecar. */
  readonly rssIdle?: number;
  readonly rssEnd?: number;
}

const DELTA_BYTES = 20;
const WARM_UP_MS = 2000;
/** Twenty paces, so that all phases of a pace are equally taken. */
const RAMP_MS = 400;
const CONNECTIONS = 4;

/** Starts a stub and a sidecar for a row, warms them up, measures, and stops them. */
export async function measure(row: Row, options: MeasureOptions): Promise<Measured> {
  const stub = await startStub(row, options.cores?.load);
  try {
    if (row.target === 'direct') return await measureDirect(row, stub, options);
    const sidecar = await (row.floor ? startFloor : startSidecar)({
      ...options,
      ...(options.cores === undefined ? {} : { core: options.cores.sidecar }),
      upstream: stub.address,
    });
    try {
      return await measureSidecar(row, stub, sidecar, options);
    } finally {
      await sidecar.stop();
    }
  } finally {
    await stub.stop();
  }
}

function startFloor({ upstream, core }: SidecarOptions): Promise<RunningProcess> {
  return startProcess({
    args: ['bench/floor.ts'],
    environment: { OPENAI_BASE_URL: upstream },
    ...(core === undefined ? {} : { core }),
  });
}

function startStub(row: Row, core: number | undefined): Promise<RunningProcess> {
  const { deltas, paceMs } = row;
  const script = 'test/support/upstream/main.ts';
  const numbers = ['--deltas', deltas, '--delta-bytes', DELTA_BYTES, '--pace-ms', paceMs];
  return startProcess({
    args: [script, '--stamp', ...numbers.map(String)],
    ...(core === undefined ? {} : { core }),
  });
}

async function measureDirect(
  row: Row,
  stub: RunningProcess,
  { repetitions }: MeasureOptions,
): Promise<Measured> {
  const tally = new Tally();
  const target = directTarget(stub.address, { tally, deltaBytes: DELTA_BYTES });
  const cpu = { sidecar: () => Number.NaN, stub: () => cpuSeconds(stub.pid) };
  return { row, samples: await run(row, target, tally, cpu, repetitions) };
}

async function measureSidecar(
  row: Row,
  stub: RunningProcess,
  sidecar: Pick<RunningProcess, 'pid' | 'address'>,
  { repetitions }: MeasureOptions,
): Promise<Measured> {
  const tally = new Tally();
  const target = grpcTarget({
    address: sidecar.address,
    method: row.target === 'SendMessageSync' ? 'SendMessageSync' : 'SendMessage',
    connections: Math.min(row.streams, CONNECTIONS),
    tally,
    deltaBytes: DELTA_BYTES,
  });
  const rssIdle = rssMiB(sidecar.pid);
  const cpu = { sidecar: () => cpuSeconds(sidecar.pid), stub: () => cpuSeconds(stub.pid) };
  const samples = await run(row, target, tally, cpu, repetitions);
  return { row, samples, rssIdle, rssEnd: rssMiB(sidecar.pid) };
}

interface Cpu {
  readonly sidecar: () => number;
  readonly stub: () => number;
}

async function run(
  row: Row,
  target: Target,
  tally: Tally,
  cpu: Cpu,
  repetitions: number,
): Promise<Sample[]> {
  const load = new Load(target);
  await load.start(row.streams, RAMP_MS);
  await sleep(WARM_UP_MS);
  const samples: Sample[] = [];
  while (samples.length < repetitions) samples.push(await window(row.windowMs, tally, cpu));
  const stopped = load.stop();
  target.close();
  await stopped;
  return samples;
}

async function window(ms: number, tally: Tally, cpu: Cpu): Promise<Sample> {
  const sidecarBefore = cpu.sidecar();
  const loadBefore = cpu.stub() + myCpuSeconds();
  tally.open();
  await sleep(ms);
  const { firstText, relay, ...counts } = tally.close();
  const loadAfter = cpu.stub() + myCpuSeconds();
  return {
    ...counts,
    cpuSeconds: cpu.sidecar() - sidecarBefore,
    loadCpuSeconds: loadAfter - loadBefore,
    firstTextP50: quantile(firstText, 0.5),
    firstTextP99: quantile(firstText, 0.99),
    relayP50: quantile(relay, 0.5),
    relayP99: quantile(relay, 0.99),
  };
}

function myCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
