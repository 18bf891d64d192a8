import { once } from 'node:events';
import { get } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { methodOf } from '../../../bench/contract.ts';
import { GrpcConnection } from '../../../bench/grpc-connection.ts';
import { type App, createApp } from '../../../src/app.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { load } from '../../support/config.ts';
import { makeCall, type Outcome } from '../../support/storm/caller.ts';
import { makeCalls } from '../../support/storm/calls.ts';
import { whatStays } from '../../support/storm/waits.ts';
import type { StormPlan } from './plan.ts';
import { type Attempt, type StormUpstream, startUpstream, type UpstreamPlan } from './upstream.ts';

export interface Storm extends UpstreamPlan {
  readonly call: (call: number) => StormPlan;
  /** Calls that run at once. */
  readonly atOnce: number;
  /** Configuration of the sidecar. */
  readonly yaml: string;
  /** Is told how each call went. */
  readonly onCall: (outcome: Outcome<StormPlan>, attempts: readonly Attempt[]) => void;
}

/** What is left when all calls are over. */
export interface Aftermath {
  /** Calls of which requests came after they had ended, or after the sidecar saw their cancel. */
  readonly late: readonly number[];
  readonly runningRequests: number;
  readonly activeCalls: number;
  /** Upstream sockets once the sidecar has stopped. */
  readonly sockets: number;
  /** Errors that the sidecar logged. */
  readonly errors: readonly string[];
  readonly seconds: number;
  /** Bytes of heap in use after a fifth of the calls and at the end; undefined without `--expose-gc`. */
  readonly heap?: { readonly early: number; readonly end: number };
}

const FIELDS = { tools: [{ name: 'look_up' }] };
const CAPABILITIES = methodOf('GetCapabilities');
const CONNECTIONS = 4;
/** Part of the calls after which everything has been in use for a while. */
const EARLY = 0.2;
/** Not all in one tick: that would measure how long many calls take to begin. */
const RAMP_MS = 1_000;
const BARRIER_MS = 60_000;
const ERROR_LEVELS: readonly string[] = ['error', 'fatal'];

/** Makes planned calls to a sidecar in this process, whose upstream does as planned. */
export async function runStorm(storm: Storm): Promise<Aftermath> {
  const startedAt = performance.now();
  const upstream = await startUpstream(storm);
  const errors: string[] = [];
  const app = startSidecar(storm.yaml, upstream.url, errors);
  const [address = ''] = await app.start();
  const connections = Array.from({ length: CONNECTIONS }, () => new GrpcConnection(address));
  const options = { atOnce: storm.atOnce, connections, rampMs: RAMP_MS };
  const make = (plan: StormPlan, connection: GrpcConnection): Promise<void> =>
    makeOne(storm, upstream, plan, connection);
  const first = Math.floor(storm.calls * EARLY);
  await makeCalls(plansOf(storm, 0, first), options, make);
  const early = await heapInUse();
  await makeCalls(plansOf(storm, first, storm.calls), options, make);
  const end = await heapInUse();
  const left = {
    runningRequests: await whatStays(() => upstream.running()),
    activeCalls: await whatStays(() => activeCalls(app)),
  };
  for (const connection of connections) connection.close();
  await app.stop();
  const sockets = await whatStays(() => upstream.openConnections());
  await upstream.close();
  const seconds = (performance.now() - startedAt) / 1000;
  const heap = early === undefined || end === undefined ? {} : { heap: { early, end } };
  return { ...left, ...heap, late: upstream.late, sockets, errors, seconds };
}

function startSidecar(yaml: string, upstream: string, errors: string[]): App {
  const environment = {
    OPENAI_API_KEY: 'sk-storm',
    OPENAI_BASE_URL: upstream,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
  };
  const destination = {
    write(line: string): void {
      if (ERROR_LEVELS.includes(JSON.parse(line).level)) errors.push(line);
    },
  };
  const logger = createLogger({ level: 'info', destination });
  return createApp(load(yaml, environment), { version: '0.0.0', logger });
}

/** Numbers the calls, and plans each when its turn comes. */
function* plansOf({ call }: Storm, from: number, to: number): Generator<StormPlan> {
  for (let number = from; number < to; number += 1) yield call(number);
}

async function makeOne(
  storm: Storm,
  upstream: StormUpstream,
  plan: StormPlan,
  connection: GrpcConnection,
): Promise<void> {
  const { call } = plan;
  const outcome = await makeCall(plan, connection, { fields: FIELDS });
  if (outcome.status !== 0 || outcome.completed?.attempts !== upstream.attemptsOf(call).length) {
    // The sidecar has seen the cancel, and what it had sent before arrives before this.
    await barrier(connection);
    await knock(upstream.url);
  }
  storm.onCall(outcome, upstream.attemptsOf(call));
  upstream.forget(call);
}

/** Resolves when the sidecar has seen all that the connection brought it before. */
async function barrier(connection: GrpcConnection): Promise<void> {
  await connection.call(CAPABILITIES.path, CAPABILITIES.encode({}), BARRIER_MS, () => {}).status;
}

/** Over a connection of its own: connections are accepted in their order, and not at once. */
async function knock(url: string): Promise<void> {
  const [response] = await once(get(`${url}/models`, { agent: false }), 'response');
  response.resume();
  await once(response, 'end');
}

async function activeCalls({ adminAddress }: App): Promise<number> {
  const status = await (await fetch(`http://${adminAddress}/status.json`)).json();
  return (status as { activeCalls: number }).activeCalls;
}

async function heapInUse(): Promise<number | undefined> {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  // What one collection sets free may hold what the next one frees.
  for (let round = 0; round < 5; round += 1) {
    await gc({ execution: 'async' });
    await nextTurn();
  }
  return process.memoryUsage().heapUsed;
}
