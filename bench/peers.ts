/**
 * `npm run bench:peers`: the sidecar with every feature on, the floor, and other gateways under the same loads in
 * one run, each alone on one core. Prints a table of ratios to the floor; `--out FILE` keeps the figures as JSON
 * Lines, for `node bench/performance-doc.ts`. `-- paced-200 short` runs some of the loads, `--repetitions N` sets
 * the windows (3). How the others are installed: docs/performance.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { everythingOn } from './everything-on.ts';
import { thisMachine } from './machine.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { comparison } from './peer-table.ts';
import { isInstalled, PEERS } from './peers/start.ts';
import { CORES, exitOnSignals, pinMyself, pinnable } from './processes.ts';
import { type Result, summarize } from './report.ts';
import { LOADS, on, type Subject } from './rows.ts';

const LOAD_NAMES = ['paced-50', 'paced-200', 'paced-400', 'brief-50', 'unpaced', 'short', 'sync'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, repetitions: { type: 'string', default: '3' } },
});
const wanted = positionals.length > 0 ? positionals : LOAD_NAMES;
for (const name of wanted) {
  if (!LOAD_NAMES.includes(name)) throw new Error(`no load ${name}; there are ${LOAD_NAMES}`);
}

// What takes minutes does not end for want of a folder.
if (values.out !== undefined) mkdirSync(dirname(values.out), { recursive: true });
exitOnSignals();
const machine = thisMachine();
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);
const options: MeasureOptions = {
  repetitions: Number(values.repetitions),
  entry: 'dist/main.js',
  ...(pinned && { cores: CORES }),
};

const peers = PEERS.filter(isInstalled);
for (const peer of PEERS) if (!peers.includes(peer)) console.error(`${peer} is not installed`);
const subjects: readonly Subject[] = ['floor', 'sidecar', ...peers];
const results: Result[] = [];
for (const load of LOADS.filter(({ name }) => wanted.includes(name))) {
  for (const subject of subjects) {
    const row = on(subject, load);
    process.stderr.write(`${row.name} …\n`);
    results.push(summarize(await measure(row, { ...options, environment: everythingOn() })));
  }
}
console.log(comparison(results, subjects));
if (values.out !== undefined) {
  const lines = results.map((result) => JSON.stringify({ ...machine, pinned, ...result }));
  writeFileSync(values.out, `${lines.join('\n')}\n`);
}
process.exitCode = results.some(({ failedCalls }) => failedCalls > 0) ? 1 : 0;
