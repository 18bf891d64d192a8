/**
 * Runs the stub as a process of its own:
 * `node test/support/upstream/main.ts --port 0 --deltas 20 --delta-bytes 20 --pace-ms 20`
 *
 * With `--stamp` each delta begins with the time at which it was written.
 */
import { parseArgs } from 'node:util';
import { answer, stamped, startStubUpstream } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    deltas: { type: 'string', default: '20' },
    'delta-bytes': { type: 'string', default: '20' },
    'pace-ms': { type: 'string', default: '20' },
    stamp: { type: 'boolean', default: false },
  },
});

const deltas = Number(values.deltas);
const deltaBytes = Number(values['delta-bytes']);
const paceMs = Number(values['pace-ms']);
const stub = await startStubUpstream({
  port: Number(values.port),
  script: values.stamp
    ? stamped({ deltas, deltaBytes, paceMs })
    : answer({ deltas: Array.from({ length: deltas }, () => 'x'.repeat(deltaBytes)), paceMs }),
  keepRequests: false,
});
process.once('SIGTERM', () => void stub.close());
process.stdout.write(`listening on ${stub.url}\n`);
