/**
 * Runs the stub as a process of its own:
 * `node test/support/upstream/main.ts --port 0 --deltas 20 --delta-bytes 20 --pace-ms 20`
 *
 * With `--stamp` each delta begins with the time at which it was written. With `--warm-up` an answer has two
 * deltas at once, until the process that started it sends a message.
 */
import { parseArgs } from 'node:util';
import { answer, type Behaviour, stamped, startStubUpstream } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    deltas: { type: 'string', default: '20' },
    'delta-bytes': { type: 'string', default: '20' },
    'pace-ms': { type: 'string', default: '20' },
    stamp: { type: 'boolean', default: false },
    'warm-up': { type: 'boolean', default: false },
  },
});

const deltaBytes = Number(values['delta-bytes']);
const script = (deltas: number, paceMs: number): Behaviour =>
  values.stamp
    ? stamped({ deltas, deltaBytes, paceMs })
    : answer({ deltas: Array.from({ length: deltas }, () => 'x'.repeat(deltaBytes)), paceMs });

const wanted = script(Number(values.deltas), Number(values['pace-ms']));
let current = values['warm-up'] ? script(2, 0) : wanted;
process.once('message', () => {
  current = wanted;
});
const stub = await startStubUpstream({
  port: Number(values.port),
  script: (exchange) => current(exchange),
  keepRequests: false,
});
process.once('SIGTERM', () => {
  void stub.close();
  // Who listens to its parent does not exit.
  if (process.connected) process.disconnect?.();
});
process.stdout.write(`listening on ${stub.url}\n`);
