/**
 * What it costs to be told: `npm run bench:telemetry [-- --rounds N] [-- --write]`. CPU time of the sidecar's
 * process for a streamed and a whole answer of fifty chunks, with all of its telemetry, without metrics and spans, and without
 * the log, too; and what a status page that is open and ten clients that watch the status add, while
 * nothing else is done and under load. The rounds of all take turns, so that what else the machine does
 * concerns all alike; told are medians of the pairs. `--write` puts the table into docs/performance.md.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { collect, connect } from '../test/support/grpc-client.ts';
import { aRequest } from '../test/support/running-app.ts';
import { answer, startStubUpstream } from '../test/support/upstream/index.ts';
import { thisMachine } from './machine.ts';
import { cpuSeconds, exitOnSignals } from './processes.ts';
import { startSidecar } from './sidecar.ts';
import { median, quantile } from './statistics.ts';
import { figure, table } from './table.ts';

/** Of a round: CPU time is told in steps of 10 ms, which are 1% of what they take. */
const CALLS = 1_200;
/** V8 goes on compiling what a call runs for some thousands of them. */
const WARM_UP = 4_000;
const AT_ONCE = 10;
const CHUNKS = 50;
const WATCHERS = 10;
const WATCH_SECONDS = 6;
const WATCH_PAIRS = 3;
/** Calls a second while the watchers are measured under load. */
const LOAD = 50;
const TARGET = { call: 10, watching: 2 };
const PAGE = 'docs/performance.md';
const MARKS = /(<!-- telemetry -->\n)[\s\S]*(<!-- \/telemetry -->)/;

const directory = mkdtempSync(join(tmpdir(), 'bench-telemetry-'));
const quiet = join(directory, 'config.yaml');
writeFileSync(quiet, 'log: { levels: { calls: silent } }');

const KINDS = {
  all: {},
  log: { OTEL_SDK_DISABLED: 'true' },
  nothing: { OTEL_SDK_DISABLED: 'true', TAMMA_CONFIG: quiet },
} as const;
type Kind = keyof typeof KINDS;

exitOnSignals();
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '11' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const upstream = await startStubUpstream({
  keepRequests: false,
  script: answer({ text: 'word '.repeat(CHUNKS) }),
});

const started = await Promise.all(
  (Object.keys(KINDS) as Kind[]).map(async (kind) => {
    const sidecar = await startSidecar({ upstream: upstream.url, environment: KINDS[kind] });
    return { kind, sidecar, client: connect(sidecar.address) };
  }),
);
type Started = (typeof started)[number];

const ASK = {
  streamed: ({ client }: Started) => collect(client.provider.stream('SendMessage', aRequest())),
  whole: ({ client }: Started) => client.provider.unary('SendMessageSync', aRequest()),
} as const;
type Way = keyof typeof ASK;

interface Row {
  readonly what: string;
  readonly figure: string;
  readonly quartiles: string;
  readonly target: string;
}

const rows: Row[] = [];
for (const way of Object.keys(ASK) as Way[]) rows.push(...(await measureCalls(way)));
rows.push(await measureWatching('nothing else done'));
rows.push(await measureWatching(`${LOAD} calls a second`, LOAD));

const { date, cpu, cores, node } = thisMachine();
const text = `${date}: ${cpu}, ${cores} cores, Node.js ${node}; ${rounds} rounds of ${CALLS} calls.

${table(
  [
    { title: 'telemetry', cell: ({ what }: Row) => what },
    { title: 'CPU', cell: ({ figure: told }) => told },
    { title: 'quartiles', cell: ({ quartiles }) => quartiles },
    { title: 'target', cell: ({ target }) => target },
  ],
  rows,
)}
`;
console.log(text);
if (values.write) {
  const page = readFileSync(PAGE, 'utf8');
  if (!MARKS.test(page)) throw new Error(`${PAGE} has no place for it`);
  writeFileSync(
    PAGE,
    page.replace(MARKS, (_, open, close) => `${open}\n${text}\n${close}`),
  );
}

for (const { client, sidecar } of started) {
  client.close();
  await sidecar.stop();
}
await upstream.close();
rmSync(directory, { recursive: true });

/** Microseconds of CPU for each of so many calls. */
async function measure(one: Started, way: Way, calls = CALLS): Promise<number> {
  const { pid } = one.sidecar;
  const before = cpuSeconds(pid);
  for (let call = 0; call < calls; call += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => ASK[way](one)));
  }
  return ((cpuSeconds(pid) - before) / calls) * 1e6;
}

async function measureCalls(way: Way): Promise<Row[]> {
  const figures: Readonly<Record<Kind, number[]>> = { all: [], log: [], nothing: [] };
  for (const one of started) await measure(one, way, WARM_UP);
  for (let round = 0; round < rounds; round += 1) {
    // Whoever is first has the cooler core.
    for (const one of round % 2 === 0 ? started : started.toReversed()) {
      figures[one.kind].push(await measure(one, way));
    }
  }
  const share = (more: Kind, less: Kind) =>
    figures[more].map((us, round) => 100 * (1 - (figures[less][round] ?? 0) / us));
  const call = `of a ${way} call of ${median(figures.all).toFixed(0)} us`;
  return [
    row(`all ${call}`, share('all', 'nothing'), TARGET.call),
    row('metrics and ids of spans', share('all', 'log')),
    row('the log', share('log', 'nothing')),
  ];
}

function row(what: string, shares: readonly number[], target?: number): Row {
  const at = (share: number) => figure(quantile([...shares], share), 1);
  return {
    what,
    figure: `${figure(median(shares), 1)} %`,
    quartiles: `${at(0.25)} to ${at(0.75)}`,
    target: target === undefined ? '' : `at most ${target} %`,
  };
}

/** What those who look on add, in percent of a core, in pairs. */
async function measureWatching(what: string, callsPerSecond = 0): Promise<Row> {
  const [watched] = started as [Started];
  const more: number[] = [];
  for (let pair = 0; pair < WATCH_PAIRS; pair += 1) {
    const alone = await busy(watched, callsPerSecond);
    const stop = await watch(watched);
    more.push((await busy(watched, callsPerSecond)) - alone);
    stop();
    await sleep(500);
  }
  return row(`a page and ${WATCHERS} watchers, ${what}: of a core`, more, TARGET.watching);
}

async function watch({ sidecar, client }: Started): Promise<() => void> {
  const ended = new AbortController();
  const page = await fetch(`http://${sidecar.admin}/events`, { signal: ended.signal });
  page.body?.pipeTo(new WritableStream(), { signal: ended.signal }).catch(() => {});
  const watches = Array.from({ length: WATCHERS }, () => {
    const stream = client.provider.stream('WatchStatus', {});
    void collect(stream).catch(() => {});
    return stream;
  });
  await sleep(1_000);
  return () => {
    ended.abort();
    for (const stream of watches) stream.cancel();
  };
}

/** Percent of a core, over some seconds. */
async function busy(one: Started, callsPerSecond: number): Promise<number> {
  const calls: Promise<unknown>[] = [];
  const timer =
    callsPerSecond > 0 && setInterval(() => calls.push(ASK.streamed(one)), 1_000 / callsPerSecond);
  const before = cpuSeconds(one.sidecar.pid);
  await sleep(WATCH_SECONDS * 1_000);
  const seconds = cpuSeconds(one.sidecar.pid) - before;
  if (timer) clearInterval(timer);
  await Promise.all(calls);
  return (seconds / WATCH_SECONDS) * 100;
}
