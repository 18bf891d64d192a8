/**
 * Ten thousand streams, two hundred at a time, a third of them cancelled at random points:
 * `npm run test:long -- storm`. Exits with 1 if a bound is broken. `--calls N`, `--seed N` (default 1).
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GrpcConnection } from './grpc-connection.ts';
import type { Settled } from './memory-probe.ts';
import { exitOnSignals } from './processes.ts';
import { type Sidecar, startSidecar, sum } from './sidecar.ts';
import { makeCall, type Outcome } from './storm/caller.ts';
import { findings } from './storm/findings.ts';
import { holds, render } from './storm/limits.ts';
import { type Plan, plans } from './storm/plan.ts';
import { type StormUpstream, startUpstream } from './storm/upstream.ts';

const STREAMS = 200;
const CONNECTIONS = 4;
const RAMP_MS = 1_000;
const PROBE_MS = 5;
/** Memory is compared between the end and here, when everything has been in use for a while. */
const FIRST_SETTLEMENT = 2_000;
/** How long calls that ended for their caller may still take to end in the sidecar, in ms. */
const UNWIND_MS = 5_000;

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});

exitOnSignals();
const storm = plans(Number(values.calls), Number(values.seed));
const upstream = await startUpstream(storm);
const sidecar = await startSidecar({
  upstream: upstream.url,
  nodeOptions: ['--expose-gc', '--import', './bench/memory-probe.ts'],
});
const connections = Array.from({ length: CONNECTIONS }, () => new GrpcConnection(sidecar.address));

const lag = monitorEventLoopDelay({ resolution: PROBE_MS });
lag.enable();
const early = await makeCalls(storm.slice(0, FIRST_SETTLEMENT));
const before = await settle(sidecar, upstream);
const late = await makeCalls(storm.slice(FIRST_SETTLEMENT));
const after = await settle(sidecar, upstream);
lag.disable();

const verdict = findings({
  outcomes: [...early, ...late],
  upstream,
  before,
  after,
  metrics: await sidecar.metrics(),
  streams: STREAMS,
  lagMs: lag.percentile(99) / 1e6 - PROBE_MS,
});
console.log(render(verdict));
process.exitCode = verdict.every(holds) ? 0 : 1;

for (const connection of connections) connection.close();
await sidecar.stop();
await upstream.close();

async function makeCalls(planned: readonly Plan[]): Promise<Outcome[]> {
  const waiting = planned.entries();
  const outcomes: Outcome[] = [];
  const worker = async (delayMs: number): Promise<void> => {
    await sleep(delayMs);
    for (const [at, plan] of waiting) {
      const connection = connections[at % connections.length];
      if (connection !== undefined) {
        outcomes.push(await makeCall(plan, connection, (of) => upstream.stageOf(of)));
      }
    }
  };
  // Not all in one tick: that would measure how long two hundred calls take to begin.
  await Promise.all(Array.from({ length: STREAMS }, (_, at) => worker((at * RAMP_MS) / STREAMS)));
  return outcomes;
}

/** What is left in the sidecar once nothing runs. */
async function settle(of: Sidecar, from: StormUpstream): Promise<Settled> {
  const until = performance.now() + UNWIND_MS;
  while (performance.now() < until) {
    const active = sum(await of.metrics(), 'tamma_provider_active_calls');
    if (active === 0 && from.running() === 0) break;
    await sleep(50);
  }
  return (await of.settle()) as Settled;
}
