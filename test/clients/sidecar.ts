/**
 * A sidecar with a stand-in for its upstream, for clients in other languages: prints
 * `listening on 127.0.0.1:PORT` and ends on SIGTERM or SIGINT.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSidecar } from '../../demo/sidecar.ts';
import { startStubUpstream } from '../support/upstream/index.ts';

const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());

const dataDir = mkdtempSync(join(tmpdir(), 'tamma-clients-'));
const stub = await startStubUpstream();
try {
  await using sidecar = await startSidecar({
    OPENAI_API_KEY: 'stub',
    OPENAI_BASE_URL: stub.url,
    TAMMA_DATA_DIR: dataDir,
    TAMMA_CONFIG: fileURLToPath(new URL('config.yaml', import.meta.url)),
  });
  process.stdout.write(`listening on ${sidecar.address}\n`);
  if (!told.signal.aborted) await Promise.race([once(told.signal, 'abort'), sidecar.ended]);
} finally {
  await stub.close();
  rmSync(dataDir, { recursive: true });
}
