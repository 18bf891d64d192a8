import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  arrivals,
  type CallEnd,
  type CallKind,
  isWhole,
  type Load,
  MODEL,
  type Result,
  sum,
} from '../../test/load/load.ts';
import { codeName } from '../../test/support/grpc-client.ts';
import { random as randomOf } from '../../test/support/random.ts';
import { makeCall } from '../../test/support/storm/caller.ts';
import { GrpcConnection } from '../grpc-connection.ts';
import { startSidecar, sum as sumOf } from '../sidecar.ts';
import { type LoadUpstreams, secretOf, startUpstreams } from './upstreams.ts';

const CONNECTIONS = 2;

export interface RealResult extends Result {
  /** Calls that the sidecar refused because it had too much to do: the machine was too slow for the load. */
  readonly shed: number;
}

/** Puts the load on a sidecar of its own with default settings, over gRPC, and on HTTP servers behind it. */
export async function run(load: Load, entry: string): Promise<RealResult> {
  const seed = load.seed ?? 1;
  const upstreams = await startUpstreams(load, randomOf(seed + 1));
  const directory = mkdtempSync(join(tmpdir(), 'bench-loads-'));
  const config = join(directory, 'config.yaml');
  writeFileSync(config, JSON.stringify(configOf(load, upstreams)));
  const { urls } = upstreams;
  const sidecar = await startSidecar({
    upstream: urls.get('default') ?? '',
    entry,
    environment: { TAMMA_CONFIG: config, ...secretsOf(load) },
  });
  const connections = Array.from(
    { length: CONNECTIONS },
    () => new GrpcConnection(sidecar.address),
  );
  try {
    const random = randomOf(seed);
    upstreams.begin();
    const startedAt = performance.now();
    const running: Promise<CallEnd>[] = [];
    for (const { atMs, kind } of arrivals(load, random)) {
      const inMs = startedAt + atMs - performance.now();
      if (inMs >= 1) await sleep(inMs);
      const connection = connections[running.length % CONNECTIONS] as GrpcConnection;
      running.push(oneCall(load, kind, connection, running.length));
    }
    const ends = await Promise.all(running);
    const shed = sumOf(await sidecar.metrics(), 'tamma_provider_shed_calls_total');
    return { ...sum(ends, upstreams.requestsOf()), shed };
  } finally {
    for (const connection of connections) connection.close();
    await sidecar.stop();
    await upstreams.close();
    rmSync(directory, { recursive: true });
  }
}

async function oneCall(
  load: Load,
  { name: kind, deadlineMs = load.deadlineMs, model = MODEL, user }: CallKind,
  connection: GrpcConnection,
  number: number,
): Promise<CallEnd> {
  const beganAt = performance.now();
  let firstMs = Number.NaN;
  const others = load.weights ? [] : Object.keys(load.upstreams).slice(1);
  const plan = {
    question: `call ${number}`,
    mode: 'RESTART',
    deadlineMs,
  } as const;
  const { status, failure, content, disorder } = await makeCall(plan, connection, {
    fields: {
      model,
      fallbackModels: others,
      metadata: user === undefined ? {} : { user_id: user },
    },
    onOutput: () => {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - beganAt;
    },
  });
  if (status === 0) {
    return { reason: 'OK', spoiled: disorder !== undefined || !isWhole(content), firstMs, kind };
  }
  const reason = String(failure?.reason ?? codeName({ code: status ?? -1 }));
  return { reason: reason.replace('ERROR_REASON_', ''), spoiled: false, firstMs, kind };
}

/** Where the upstreams are, and with which keys; all other settings are the defaults. */
function configOf(load: Load, { urls }: LoadUpstreams): object {
  const keys = Object.keys(secretsOf(load)).map((environment) => ({ environment }));
  const [, ...others] = urls;
  const shares = Object.entries(load.weights ?? {});
  return {
    // That of OPENAI_API_KEY is there already.
    keys: keys.slice(1),
    targets: Object.fromEntries(others.map(([name, baseUrl]) => [name, { baseUrl, keys }])),
    ...(load.weights && {
      routes: { '*': shares.map(([target, weight]) => ({ target, weight })) },
    }),
  };
}

/** Environment variables that hold the keys of each upstream. */
function secretsOf({ keys = 1 }: Load): Readonly<Record<string, string>> {
  const names = Array.from({ length: keys }, (_, key) => [
    key === 0 ? 'OPENAI_API_KEY' : `BENCH_KEY_${key}`,
    secretOf(key),
  ]);
  return Object.fromEntries(names);
}
