/**
 * `npm run bench:check`: CPU per chunk and per call, start and idle memory of the build as ratios to what
 * calibrates them in the same run (bench/floor.ts, a bare Node.js), beside those in `bench/baseline.json`. Exits 1 if one is
 * more than 15% above. `--write` makes what it measures the baseline; `--json` prints a line of JSON for each
 * figure, with machine and versions.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { everythingOn } from './everything-on.ts';
import { thisMachine } from './machine.ts';
import { measure } from './measure.ts';
import { CORES, exitOnSignals, pinMyself, pinnable, rssMiB, startProcess } from './processes.ts';
import { summarize } from './report.ts';
import { LOADS, on, type Subject } from './rows.ts';
import { ALONE, BARE_NODE, compileCache, imageArgs, startCost } from './start-cost.ts';
import { median } from './statistics.ts';
import { type Column, figure, table } from './table.ts';

const BASELINE = 'bench/baseline.json';
/** A ratio that is above the baseline's by more than this part of it has grown. */
const TOLERANCE = 0.15;
const STARTS = 9;

interface Ratio {
  readonly what: string;
  readonly measured: number;
  /** What it is divided by. */
  readonly calibration: number;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
exitOnSignals();
const machine = thisMachine();
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);

const ratios: readonly Ratio[] = [
  await cpu('paced-200', 'us of CPU per chunk'),
  await cpu('short', 'ms of CPU per call'),
  await cpu('sync', 'ms of CPU per call'),
  ...(await start()),
];
const baseline: Readonly<Record<string, number>> = values.write
  ? {}
  : JSON.parse(readFileSync(BASELINE, 'utf8'));
const rows = ratios.map(({ what, measured, calibration }) => {
  const ratio = measured / calibration;
  const before = baseline[what];
  const grown = before === undefined ? undefined : ratio / before - 1;
  return { ...machine, pinned, what, measured, calibration, ratio, before, grown };
});
if (values.json) for (const row of rows) console.log(JSON.stringify(row));
else console.log(render());
if (values.write) {
  const entries = rows.map(({ what, ratio }) => [what, Number(ratio.toFixed(3))]);
  writeFileSync(BASELINE, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
}
process.exitCode = rows.some(({ grown = 0 }) => grown > TOLERANCE) ? 1 : 0;

async function cpu(load: string, unit: string): Promise<Ratio> {
  const row = LOADS.find(({ name }) => name === load);
  if (row === undefined) throw new Error(`there is no load ${load}`);
  const of = async (subject: Subject) => {
    const result = summarize(
      await measure(on(subject, row), {
        repetitions: 3,
        entry: 'dist/main.js',
        environment: everythingOn(),
        ...(pinned && { cores: CORES }),
      }),
    );
    return result.cpuPerChunkUs ?? result.cpuPerCallMs ?? Number.NaN;
  };
  const calibration = await of('floor');
  return { what: `${load}, ${unit}`, measured: await of('sidecar'), calibration };
}

async function start(): Promise<readonly Ratio[]> {
  const args = imageArgs();
  const environment = { ...ALONE, ...(await compileCache(args)) };
  const floor = await startProcess({
    args: ['bench/floor.ts'],
    environment: { OPENAI_BASE_URL: ALONE.OPENAI_BASE_URL },
  });
  const floorRss = rssMiB(floor.pid);
  await floor.stop();
  const rounds = [];
  for (let left = STARTS; left > 0; left -= 1) {
    rounds.push({ bare: await startCost(BARE_NODE, {}), own: await startCost(args, environment) });
  }
  return [
    {
      what: 'start, ms of CPU to listening',
      measured: median(rounds.map(({ own }) => own.cpuMs)),
      calibration: median(rounds.map(({ bare }) => bare.cpuMs)),
    },
    {
      what: 'RSS when it listens, MiB',
      measured: median(rounds.map(({ own }) => own.rssMiB)),
      calibration: floorRss,
    },
  ];
}

function render(): string {
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { title: 'figure', cell: ({ what }) => what },
    { title: 'measured', cell: ({ measured }) => figure(measured, 3) },
    { title: 'calibration', cell: ({ calibration }) => figure(calibration, 3) },
    { title: 'ratio', cell: ({ ratio }) => figure(ratio, 2) },
    { title: 'baseline', cell: ({ before }) => figure(before, 2) },
    { title: 'grown %', cell: ({ grown }) => figure(grown && grown * 100, 0) },
  ];
  return table(columns, rows);
}
