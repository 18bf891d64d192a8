/**
 * Measures the sidecar against the stub upstream: `npm run bench`, `npm run bench -- paced-200 sync`.
 *
 * `--json` prints the figures as JSON, `--profile DIR` has the sidecar write CPU profiles,
 * `--entry dist/main.js` measures the build, `--repetitions N` sets the windows per row (3).
 * How to read the table: docs/performance.md.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type MeasureOptions, measure } from './measure.ts';
import { CORES, exitOnSignals, pinMyself, pinnable } from './processes.ts';
import { type Result, render, summarize } from './report.ts';
import { ROWS, type Row } from './rows.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    entry: { type: 'string' },
    repetitions: { type: 'string', default: '3' },
  },
});

exitOnSignals();
// Before this process is bound to one.
const cores = availableParallelism();
const rows = rowsNamed(positionals);
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);
const options: MeasureOptions = {
  repetitions: Number(values.repetitions),
  ...(pinned && { cores: CORES }),
  ...(values.entry !== undefined && { entry: values.entry }),
  ...(values.profile !== undefined && {
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  }),
};

const results: Result[] = [];
for (const row of rows) {
  process.stderr.write(`${row.name} …\n`);
  results.push(summarize(await measure(row, options)));
}
const machine = {
  node: process.version,
  cores,
  pinning: pinned
    ? 'sidecar on one core, stub and load on another'
    : 'none: taskset or a core is missing',
};
if (values.json) console.log(JSON.stringify({ ...machine, results }, null, 2));
else {
  console.log(`Node.js ${machine.node}, ${machine.cores} cores, pinning: ${machine.pinning}\n`);
  console.log(render(results));
}
process.exitCode = results.some(({ failedCalls }) => failedCalls > 0) ? 1 : 0;

function rowsNamed(names: readonly string[]): readonly Row[] {
  for (const name of names) {
    if (!ROWS.some((row) => row.name === name)) {
      throw new Error(`no row ${name}; there are ${ROWS.map((row) => row.name).join(', ')}`);
    }
  }
  return names.length === 0 ? ROWS : ROWS.filter(({ name }) => names.includes(name));
}
