/**
 * What it costs to be told: `node bench/telemetry.ts [--rounds N]`. CPU time of the sidecar's process for a
 * call with an answer of fifty chunks, with all of its telemetry, without metrics and spans, and without the
 * log, too; and of one that does nothing while a status page is open and ten clients watch the status. The
 * rounds of all take turns, so that what else the machine does concerns all alike; told are medians.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { collect, connect } from '../test/support/grpc-client.ts';
import { aRequest } from '../test/support/running-app.ts';
import { answer, startStubUpstream } from '../test/support/upstream/index.ts';
import { cpuSeconds, exitOnSignals } from './processes.ts';
import { type Sidecar, startSidecar } from './sidecar.ts';
import { median } from './statistics.ts';

const CALLS = 400;
const AT_ONCE = 10;
const CHUNKS = 50;
const WATCHERS = 10;
const WATCH_SECONDS = 20;

const directory = mkdtempSync(join(tmpdir(), 'bench-telemetry-'));
const quiet = join(directory, 'config.yaml');
writeFileSync(quiet, 'log: { levels: { calls: silent } }');

const KINDS = {
  'all of it': {},
  'the log alone': { OTEL_SDK_DISABLED: 'true' },
  nothing: { OTEL_SDK_DISABLED: 'true', TAMMA_CONFIG: quiet },
} as const;

type Kind = keyof typeof KINDS;

exitOnSignals();
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const upstream = await startStubUpstream({
  keepRequests: false,
  script: answer({ text: 'word '.repeat(CHUNKS) }),
});

const started = await Promise.all(
  (Object.keys(KINDS) as Kind[]).map(async (kind) => {
    const sidecar = await startSidecar({ upstream: upstream.url, environment: KINDS[kind] });
    return { kind, sidecar, client: connect(sidecar.address), figures: [] as number[] };
  }),
);

type Started = (typeof started)[number];

/** Microseconds of CPU for each of so many calls. */
async function measure({ sidecar, client }: Started): Promise<number> {
  const before = cpuSeconds(sidecar.pid);
  for (let call = 0; call < CALLS; call += AT_ONCE) {
    const one = () => collect(client.provider.stream('SendMessage', aRequest()));
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }
  return ((cpuSeconds(sidecar.pid) - before) / CALLS) * 1e6;
}

/** Percent of a core, over some seconds. */
async function idle(sidecar: Sidecar): Promise<number> {
  const before = cpuSeconds(sidecar.pid);
  await sleep(WATCH_SECONDS * 1_000);
  return ((cpuSeconds(sidecar.pid) - before) / WATCH_SECONDS) * 100;
}

// The first calls of anything are slower.
for (const one of started) await measure(one);
for (let round = 0; round < rounds; round += 1) {
  // Whoever is first has the cooler core.
  for (const one of round % 2 === 0 ? started : started.toReversed()) {
    one.figures.push(await measure(one));
  }
}
const [whole, logOnly, none] = started.map(({ figures }) => figures) as [
  number[],
  number[],
  number[],
];
for (const { kind, figures } of started) {
  const least = Math.min(...figures).toFixed(0);
  console.log(
    `${median(figures).toFixed(0).padStart(6)} µs of CPU for a call, at least ${least}, with ${kind}`,
  );
}
/** Of the rounds, each against itself. */
const share = (more: number[], less: number[]) =>
  `${(100 * median(more.map((figure, round) => 1 - (less[round] ?? 0) / figure))).toFixed(1)} %`;
console.log(
  `${share(whole, logOnly)} of a call are metrics and spans, ${share(logOnly, none)} the log`,
);

const [{ sidecar, client }] = started as [Started];
const alone = await idle(sidecar);
const stop = new AbortController();
const page = await fetch(`http://${sidecar.admin}/events`, { signal: stop.signal });
page.body?.pipeTo(new WritableStream(), { signal: stop.signal }).catch(() => {});
for (let watcher = 0; watcher < WATCHERS; watcher += 1) {
  void collect(client.provider.stream('WatchStatus', {})).catch(() => {});
}
await sleep(1_000);
const watched = await idle(sidecar);
console.log(
  `${(watched - alone).toFixed(2)} % of a core for a page and ${WATCHERS} watchers, beside ${alone.toFixed(2)} % for nothing`,
);
stop.abort();
for (const one of started) {
  one.client.close();
  await one.sidecar.stop();
}
await upstream.close();
rmSync(directory, { recursive: true });
