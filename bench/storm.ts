/**
 * Ten thousand streams, two hundred at a time, a third of them cancelled at random points:
 * `npm run test:long -- storm`. Exits with 1 if a bound is broken; with
 * `--any-machine` not if only the machine's speed broke it. `--calls N`, `--seed N` (default 1).
 */
import { parseArgs } from 'node:util';
import { makeCall } from '../test/support/storm/caller.ts';
import { makeCalls } from '../test/support/storm/calls.ts';
import { passes, render } from '../test/support/storm/finding.ts';
import { watchLateness, whatStays } from '../test/support/storm/waits.ts';
import { GrpcConnection } from './grpc-connection.ts';
import type { Settled } from './memory-probe.ts';
import { exitOnSignals } from './processes.ts';
import { type Sidecar, startSidecar, sum } from './sidecar.ts';
import type { StormOutcome } from './storm/check.ts';
import { findings } from './storm/findings.ts';
import { type Plan, plans } from './storm/plan.ts';
import { type Stage, type StormUpstream, startUpstream } from './storm/upstream.ts';

const STREAMS = 200;
const CONNECTIONS = 4;
const RAMP_MS = 1_000;
/** Memory is compared between the end and here, when everything has been in use for a while. */
const FIRST_SETTLEMENT = 2_000;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    'any-machine': { type: 'boolean', default: false },
  },
});

exitOnSignals();
const storm = plans(Number(values.calls), Number(values.seed));
const upstream = await startUpstream(storm);
const sidecar = await startSidecar({
  upstream: upstream.url,
  nodeOptions: ['--expose-gc', '--import', './bench/memory-probe.ts'],
});
const connections = Array.from({ length: CONNECTIONS }, () => new GrpcConnection(sidecar.address));

const lateness = watchLateness();
const early = await makePlanned(storm.slice(0, FIRST_SETTLEMENT));
const before = await settle(sidecar, upstream);
const late = await makePlanned(storm.slice(FIRST_SETTLEMENT));
const after = await settle(sidecar, upstream);
const lagMs = lateness();

const verdict = findings({
  outcomes: [...early, ...late],
  upstream,
  before,
  after,
  metrics: await sidecar.metrics(),
  streams: STREAMS,
  lagMs,
});
console.log(render(verdict));
process.exitCode = passes(verdict, values['any-machine']) ? 0 : 1;

for (const connection of connections) connection.close();
await sidecar.stop();
await upstream.close();

/** Not all begin in one tick: that would measure how long two hundred calls take to begin. */
function makePlanned(planned: readonly Plan[]): Promise<StormOutcome[]> {
  return makeCalls(planned, { atOnce: STREAMS, connections, rampMs: RAMP_MS }, makeOne);
}

async function makeOne(plan: Plan, connection: GrpcConnection): Promise<StormOutcome> {
  let stage: Stage | undefined;
  const onCancel = (): void => {
    stage = upstream.stageOf(plan);
  };
  const outcome = await makeCall(plan, connection, { onCancel });
  return { ...outcome, ...(stage && { stage }) };
}

/** What is left in the sidecar once nothing runs. */
async function settle(of: Sidecar, from: StormUpstream): Promise<Settled> {
  await whatStays(
    async () => sum(await of.metrics(), 'tamma_provider_active_calls') + from.running(),
  );
  return await of.settle();
}
