/**
 * Runs the stub as a process of its own:
 * `node test/support/upstream/main.ts --port 0 --deltas 20 --delta-bytes 20 --pace-ms 20`
 */
import { parseArgs } from 'node:util';
import { answer, startStubUpstream } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    deltas: { type: 'string', default: '20' },
    'delta-bytes': { type: 'string', default: '20' },
    'pace-ms': { type: 'string', default: '20' },
  },
});

const delta = 'x'.repeat(Number(values['delta-bytes']));
const stub = await startStubUpstream({
  port: Number(values.port),
  script: answer({
    deltas: Array.from({ length: Number(values.deltas) }, () => delta),
    paceMs: Number(values['pace-ms']),
  }),
  keepRequests: false,
});
process.once('SIGTERM', () => void stub.close());
process.stdout.write(`listening on ${stub.url}\n`);
