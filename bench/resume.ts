/**
 * What RESUME costs until the first token: `npm run bench:resume -- [--calls 40] [--model gpt-5.4-mini]`.
 *
 * With OPENAI_API_KEY it asks OpenAI, for some cents (OPENAI_BASE_URL: another upstream): there the
 * upstream's queue shows. Without it asks the stub, which has none: what is left is the sidecar's own part.
 * Calls alternate between FAIL and RESUME, one at a time, so that both meet the same upstream.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type GrpcClient, type WireMessage } from '../test/support/grpc-client.ts';
import { startStubUpstream } from '../test/support/upstream/index.ts';
import { exitOnSignals } from './processes.ts';
import { startSidecar } from './sidecar.ts';
import { median, quantile } from './statistics.ts';
import { figure, table } from './table.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '40' },
    model: { type: 'string', default: 'gpt-5.4-mini' },
  },
});
const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl = 'https://api.openai.com/v1' } =
  process.env;
const calls = Number(values.calls);
const RECOVERIES = ['FAIL', 'RESUME'] as const;

exitOnSignals();
const directory = mkdtempSync(join(tmpdir(), 'bench-resume-'));
const stub = await startStubUpstream();
const config = join(directory, 'config.yaml');
writeFileSync(config, `api: responses\nallowStored: true\ndefaultModel: ${values.model}\n`);
const sidecar = await startSidecar({
  upstream: apiKey ? baseUrl : stub.url,
  environment: {
    TAMMA_CONFIG: config,
    TAMMA_DATA_DIR: join(directory, 'data'),
    ...(apiKey && { OPENAI_API_KEY: apiKey }),
  },
});
const client = connect(sidecar.address);
try {
  const times = { FAIL: [] as number[], RESUME: [] as number[] };
  // The first calls connect, and load what is loaded once.
  for (const recovery of RECOVERIES) await firstTokenMs(client, recovery);
  for (let call = 0; call < calls; call += 1) {
    for (const recovery of RECOVERIES) times[recovery].push(await firstTokenMs(client, recovery));
  }
  console.log(`${apiKey ? baseUrl : 'the stub'}, ${values.model}, ${calls} calls each\n`);
  console.log(
    table(
      [
        { title: 'recovery', cell: (name) => name },
        { title: 'first token, median ms', cell: (name) => figure(median(times[name]), 1) },
        { title: 'p90 ms', cell: (name) => figure(quantile([...times[name]], 0.9), 1) },
      ],
      RECOVERIES,
    ),
  );
} finally {
  client.close();
  await sidecar.stop();
  await stub.close();
  rmSync(directory, { recursive: true });
}

function firstTokenMs({ provider }: GrpcClient, recovery: string): Promise<number> {
  const startedAt = performance.now();
  const stream = provider.stream('SendMessage', {
    request: {
      messages: [{ role: 'ROLE_USER', content: 'Count from one to ten in words.' }],
      maxTokens: 64,
      reasoningEffort: 'none',
    },
    options: { recovery: `STREAM_RECOVERY_${recovery}` },
  });
  return new Promise((resolve, reject) => {
    let first = Number.NaN;
    stream.on('data', ({ event }: WireMessage) => {
      if (event === 'textDelta' && Number.isNaN(first)) first = performance.now() - startedAt;
    });
    stream.on('end', () => resolve(first));
    stream.on('error', reject);
  });
}
