/**
 * A sidecar with a stand-in for its upstream, for clients in other languages: prints
 * `listening on 127.0.0.1:PORT` and ends on SIGTERM or SIGINT. With a folder as its argument it listens at
 * `provider.sock` in it, too, and a second one with TLS, whose address, CA and token are in the files
 * `tls-address`, `ca.pem` and `token`.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sidecar, startSidecar } from '../../demo/sidecar.ts';
import { Authority } from '../support/certificates.ts';
import { startStubUpstream } from '../support/upstream/index.ts';
import { scripted } from './scripted.ts';

const TOKEN = 'the-token-of-the-examples-0123456789';

const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());

const [, , folder] = process.argv;
const dataDir = mkdtempSync(join(tmpdir(), 'tamma-clients-'));
const stub = await startStubUpstream();
stub.setDefault(scripted());
const upstream = { OPENAI_API_KEY: 'stub', OPENAI_BASE_URL: stub.url };
try {
  await using secured = folder === undefined ? undefined : await startSecured(folder);
  await using sidecar = await startSidecar({
    ...upstream,
    TAMMA_LISTEN: [
      '127.0.0.1:0',
      ...(folder === undefined ? [] : [`unix:${folder}/provider.sock`]),
    ].join(),
    TAMMA_DATA_DIR: dataDir,
    TAMMA_CONFIG: fileURLToPath(new URL('config.yaml', import.meta.url)),
  });
  if (folder !== undefined && secured !== undefined) {
    writeFileSync(join(folder, 'tls-address'), secured.address);
  }
  process.stdout.write(`listening on ${sidecar.address}\n`);
  if (!told.signal.aborted) await Promise.race([once(told.signal, 'abort'), sidecar.ended]);
} finally {
  await stub.close();
  rmSync(dataDir, { recursive: true });
}

/** Takes calls with a token alone, over TLS. */
async function startSecured(directory: string): Promise<Sidecar> {
  const authority = new Authority();
  const { cert, key } = authority.issue({ commonName: 'provider', ips: ['127.0.0.1'] });
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  write('ca.pem', authority.cert);
  const listen = {
    address: '127.0.0.1:0',
    tls: { certFile: write('cert.pem', cert), keyFile: write('key.pem', key) },
  };
  const callers = [{ name: 'example', tokenFile: write('token', TOKEN) }];
  // JSON is YAML.
  const config = write('secured.yaml', JSON.stringify({ listen: [listen], callers }));
  return startSidecar({ ...upstream, TAMMA_CONFIG: config, TAMMA_LISTEN: undefined });
}
