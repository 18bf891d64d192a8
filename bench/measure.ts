import { setTimeout as sleep } from 'node:timers/promises';
import { grpcTarget } from './grpc-target.ts';
import { httpTarget } from './http-target.ts';
import { callTimes, Load } from './load.ts';
import { headersFor, startPeer } from './peers/start.ts';
import { cpuSeconds, type RunningProcess, rssMiB, startProcess } from './processes.ts';
import type { Row, Subject } from './rows.ts';
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
  /** Further variables for the sidecar. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One window. CPU is in seconds, delays in ms. */
export interface Sample extends Omit<Figures, 'firstText' | 'relay'> {
  /** NaN without a process to measure. */
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
  readonly rssIdle: number | undefined;
  readonly rssEnd: number | undefined;
}

export const DELTA_BYTES = 20;
/**
 * V8 goes on compiling what a call runs for some thousands of them (`npm run bench:tiers`), which is not what an hour
 * of them costs: so many short ones come first, or what of them comes in so many ms.
 */
const WARM_UP = { calls: 8_000, maxMs: 12_000, batch: 400, atOnce: 10 } as const;
/** Behind that, with the load that is measured. */
const SETTLE_MS = 4_000;
/** Twenty paces, so that all phases of a pace are equally taken. */
const RAMP_MS = 400;
const CONNECTIONS = 4;

/** Starts a stub and a row's subject, warms them up, measures, and stops them. */
export async function measure(row: Row, options: MeasureOptions): Promise<Measured> {
  const stub = await startStub(row, { core: options.cores?.load, warmUp: true });
  try {
    if (row.subject === 'direct') return await measureAt(stub.address, row, stub, options);
    const subject = await startSubject(row.subject, {
      ...options,
      ...(options.cores === undefined ? {} : { core: options.cores.sidecar }),
      upstream: stub.address,
    });
    try {
      return await measureAt(subject.address, row, stub, options, subject.pid);
    } finally {
      await subject.stop();
    }
  } finally {
    await stub.stop();
  }
}

type Started = Pick<RunningProcess, 'pid' | 'address' | 'stop'>;

function startSubject(
  subject: Exclude<Subject, 'direct'>,
  options: SidecarOptions,
): Promise<Started> {
  if (subject === 'sidecar') return startSidecar(options);
  const { upstream, core } = options;
  if (subject !== 'floor') return startPeer(subject, upstream, core);
  return startProcess({
    args: ['bench/floor.ts'],
    environment: { OPENAI_BASE_URL: upstream },
    ...(core === undefined ? {} : { core }),
  });
}

/** The upstream: its answers have so many deltas at such a pace. */
export function startStub(
  { deltas, paceMs }: Pick<Row, 'deltas' | 'paceMs'>,
  { core, warmUp = false }: { core?: number | undefined; warmUp?: boolean } = {},
): Promise<RunningProcess> {
  const script = 'test/support/upstream/main.ts';
  const numbers = ['--deltas', deltas, '--delta-bytes', DELTA_BYTES, '--pace-ms', paceMs];
  return startProcess({
    args: [script, '--stamp', ...(warmUp ? ['--warm-up'] : []), ...numbers.map(String)],
    ...(core === undefined ? {} : { core }),
  });
}

/** Until V8 has compiled what they run. @param targets asked one after the other; their stub was started for it */
export async function warmUp(targets: readonly Target[], stub: RunningProcess): Promise<void> {
  for (const target of targets) {
    const until = performance.now() + WARM_UP.maxMs;
    for (let made = 0; made < WARM_UP.calls && performance.now() < until; made += WARM_UP.batch) {
      await callTimes(target, WARM_UP.batch, WARM_UP.atOnce);
    }
  }
  stub.child.send('measure');
}

/** @param pid of the subject, if there is one */
async function measureAt(
  address: string,
  row: Row,
  stub: RunningProcess,
  { repetitions }: MeasureOptions,
  pid?: number,
): Promise<Measured> {
  const tally = new Tally();
  const common = { tally, deltaBytes: DELTA_BYTES };
  const { subject, method, streams } = row;
  const target =
    subject === 'sidecar' || subject === 'floor'
      ? grpcTarget({ address, method, connections: Math.min(streams, CONNECTIONS), ...common })
      : httpTarget(address, { ...common, headers: headersFor(subject, stub.address) });
  const rss = () => (pid === undefined ? undefined : rssMiB(pid));
  const rssIdle = rss();
  await warmUp([target], stub);
  const samples = await run(row, target, repetitions, {
    tally,
    subject: () => (pid === undefined ? Number.NaN : cpuSeconds(pid)),
    stub: () => cpuSeconds(stub.pid),
  });
  return { row, samples, rssIdle, rssEnd: rss() };
}

interface Gauges {
  readonly tally: Tally;
  /** CPU seconds so far. */
  readonly subject: () => number;
  readonly stub: () => number;
}

async function run(
  row: Row,
  target: Target,
  repetitions: number,
  gauges: Gauges,
): Promise<Sample[]> {
  const load = new Load(target);
  await load.start(row.streams, RAMP_MS);
  await sleep(SETTLE_MS);
  const samples: Sample[] = [];
  while (samples.length < repetitions) samples.push(await window(row.windowMs, gauges));
  const stopped = load.stop();
  target.close();
  await stopped;
  return samples;
}

async function window(ms: number, { tally, subject, stub }: Gauges): Promise<Sample> {
  const subjectBefore = subject();
  const loadBefore = stub() + myCpuSeconds();
  tally.open();
  await sleep(ms);
  const { firstText, relay, ...counts } = tally.close();
  const loadAfter = stub() + myCpuSeconds();
  return {
    ...counts,
    cpuSeconds: subject() - subjectBefore,
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
