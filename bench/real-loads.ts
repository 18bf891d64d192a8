/**
 * The loads of `npm run test:load` in real time: `npm run bench:load [-- --rows PATTERN] [-- --seconds N]
 * [-- --at-once N] [-- --src] [-- --write]`. Each load has a sidecar of its own with default settings, the build's or, with
 * `--src`, that of the sources, which is called over gRPC by open-loop arrivals, and HTTP servers that behave as the
 * load's upstreams do; several run side by side. Beside what came of it stand what an ideal client would
 * reach and what the simulated clock says. Exits 1 if a load stays below what `npm run test:load` holds it to by more than chance does. `--seconds`
 * shortens the loads, which are then not judged; `--write` puts the table into docs/resilience.md, unless the
 * machine was so slow that sidecars refused calls for it.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Result } from '../test/load/load.ts';
import { ROWS } from '../test/load/loads.ts';
import { idealOf, type Row, shortcomings } from '../test/load/row.ts';
import { simulate } from '../test/load/world.ts';
import { watchLateness } from '../test/support/storm/waits.ts';
import { type RealResult, run } from './loads/run.ts';
import { thisMachine } from './machine.ts';
import { writeInto } from './page.ts';
import { exitOnSignals } from './processes.ts';
import { figure, table } from './table.ts';

const PLACE = {
  page: 'docs/resilience.md',
  start: '<!-- loads -->',
  end: '<!-- end of loads -->',
} as const;

exitOnSignals();
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    seconds: { type: 'string' },
    'at-once': { type: 'string', default: '8' },
    src: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const entry = values.src ? 'src/main.ts' : 'dist/main.js';
const wanted = new RegExp(values.rows);
const rows = ROWS.filter(({ what }) => wanted.test(what));
if (rows.length === 0) throw new Error('no load is called so');

interface Compared {
  readonly row: Row;
  readonly simulated: Result;
  real?: RealResult;
}

const compared: Compared[] = [];
for (const row of rows) compared.push({ row, simulated: await simulate(loadOf(row)) });

const lateness = watchLateness();
// Those that may take longest first, so that all end at about the same time.
const waiting = compared.toSorted((a, b) => loadOf(b.row).deadlineMs - loadOf(a.row).deadlineMs);
await Promise.all(Array.from({ length: Number(values['at-once']) }, work));
const lagMs = lateness();

const { date, cpu, cores, node } = thisMachine();
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const text = `${date}, commit ${commit}: ${cpu}, ${cores} cores, Node.js ${node}; callers and servers were ${figure(lagMs, 0)} ms late at the
99th percentile. Shares are of the calls, in percent; times to the first output are 99th percentiles of those that succeeded, in seconds.

${table(
  [
    { title: 'load', cell: ({ row }: Compared) => row.what },
    { title: 'ideal', cell: ({ row, simulated }) => percent(idealOf(row, simulated)) },
    { title: 'simulated', cell: ({ simulated }) => percent(simulated.share) },
    { title: 'real', cell: ({ real }) => percent(real?.share) },
    { title: 'first output, simulated', cell: ({ simulated }) => seconds(simulated.firstP99Ms) },
    { title: 'real', cell: ({ real }) => seconds(real?.firstP99Ms) },
  ],
  compared,
)}`;
console.log(text);
let shed = 0;
for (const { row, real } of compared) {
  if (real === undefined) throw new Error(`${row.what} was left out`);
  shed += real.shed;
  const short = values.seconds === undefined ? shortcomings(row, real, chanceIn(real)) : [];
  if (short.length === 0) continue;
  process.exitCode = 1;
  console.log(`\n${row.what}: ${short.join('; ')}. ${JSON.stringify(real)}`);
}
if (shed > 0) {
  process.exitCode = 1;
  console.log(`\nThis machine was too slow: ${shed} calls were refused for that.`);
} else if (values.write) {
  writeInto(PLACE, text);
}

async function work(): Promise<void> {
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    one.real = await run(loadOf(one.row), entry);
    console.error(`${percent(one.real.share)}% of the calls of ${one.row.what}`);
  }
}

/** Two standard errors of the share: the simulated loads have a seed, these ones do not. */
function chanceIn({ share, calls }: Result): number {
  return 2 * Math.sqrt((share * (1 - share)) / calls);
}

function loadOf(row: Row) {
  const load = row.load();
  return values.seconds === undefined ? load : { ...load, seconds: Number(values.seconds) };
}

function percent(share: number | undefined): string {
  return figure(share === undefined ? undefined : share * 100, 1);
}

function seconds(ms: number | undefined): string {
  return figure(ms === undefined ? undefined : ms / 1_000, 1);
}
