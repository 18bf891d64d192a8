/**
 * `npm run bench:tiers`: how many functions V8 has optimized while the sidecar answered its first calls, by compiler, and
 * how many it had to give up again (deoptimized): a call is dear until the first column is near 0. Counted, so much
 * the same on every machine.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { everythingOn } from './everything-on.ts';
import { grpcTarget } from './grpc-target.ts';
import { callTimes } from './load.ts';
import { DELTA_BYTES, startStub } from './measure.ts';
import { exitOnSignals, startProcess } from './processes.ts';
import { sidecarEnvironment } from './sidecar.ts';
import { table } from './table.ts';
import { Tally } from './tally.ts';

/** Calls of each row. */
const STEPS = [1_000, 1_000, 2_000, 4_000, 8_000, 8_000];
const AT_ONCE = 10;
/** Until what is loaded behind the start is there, in ms. */
const SETTLE_MS = 1_500;

interface Row {
  readonly calls: string;
  turbofan: number;
  maglev: number;
  deoptimized: number;
}

exitOnSignals();
const stub = await startStub({ deltas: 2, paceMs: 0 });
const sidecar = await startProcess({
  args: ['--trace-opt', '--trace-deopt', 'src/main.ts'],
  environment: { ...sidecarEnvironment(stub.address), ...everythingOn() },
  stderr: 'ignore',
});
const rows: Row[] = [];
if (sidecar.child.stdout === null) throw new Error('The sidecar has no standard output.');
createInterface({ input: sidecar.child.stdout }).on('line', (line) => {
  const row = rows.at(-1);
  if (row === undefined) return;
  if (line.includes('[bailout (')) row.deoptimized += 1;
  else if (!line.includes('[completed')) return;
  else if (line.includes('TURBOFAN')) row.turbofan += 1;
  else if (line.includes('MAGLEV')) row.maglev += 1;
});
const target = grpcTarget({
  address: sidecar.address,
  method: 'SendMessage',
  tally: new Tally(),
  deltaBytes: DELTA_BYTES,
  connections: 4,
});
await sleep(SETTLE_MS);
let made = 0;
for (const calls of STEPS) {
  const range = `${made + 1} to ${made + calls}`;
  rows.push({ calls: range, turbofan: 0, maglev: 0, deoptimized: 0 });
  await callTimes(target, calls, AT_ONCE);
  made += calls;
}
// The end deoptimizes, too: sockets are closed that never were.
console.log(
  table<Row>(
    [
      { title: 'calls', cell: ({ calls }) => calls },
      { title: 'TurboFan', cell: ({ turbofan }) => String(turbofan) },
      { title: 'Maglev', cell: ({ maglev }) => String(maglev) },
      { title: 'deoptimized', cell: ({ deoptimized }) => String(deoptimized) },
    ],
    rows,
  ),
);
target.close();
await sidecar.stop();
await stub.stop();
