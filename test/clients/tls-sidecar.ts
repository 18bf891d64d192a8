/**
 * A sidecar that is reached over TLS, with a stand-in for its upstream, for clients in other languages:
 * tls-sidecar.ts DIRECTORY. Writes certificates there, and `cases`: on each line an address, the CA that
 * a client trusts (`plain`: it speaks no TLS), the certificate that it shows (`none`), both names of
 * files without `.crt`, and whether its call is then `ok` or `refused`. Prints `ready`, and ends on
 * SIGTERM or SIGINT.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { Authority, type CertificateFields } from '../support/certificates.ts';
import { load } from '../support/config.ts';
import { startStubUpstream } from '../support/upstream/index.ts';

const DAY_MS = 86_400_000;
const [directory = '.'] = process.argv.slice(2);
const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());

const path = (name: string) => join(directory, name);
const authority = new Authority('Servers');
const clients = new Authority('Clients');
const others = new Authority('Others');
const issue = (name: string, by: Authority, fields: CertificateFields) => {
  const { cert, key } = by.issue(fields);
  writeFileSync(path(`${name}.crt`), cert);
  writeFileSync(path(`${name}.key`), key);
};
for (const [name, { cert }] of Object.entries({ ca: authority, clients, others })) {
  writeFileSync(path(`${name}.crt`), cert);
}
const shop = { commonName: 'shop', uris: ['spiffe://tamma/ns/shop/sa/checkout'] };
issue('server', authority, { commonName: 'sidecar', dns: ['localhost'], ips: ['127.0.0.1'] });
issue('client', clients, shop);
issue('stranger', others, shop);
issue('other-name', clients, { commonName: 'dev', uris: ['spiffe://tamma/ns/dev/sa/x'] });
issue('expired', clients, {
  ...shop,
  notBefore: new Date(Date.now() - 2 * DAY_MS),
  notAfter: new Date(Date.now() - DAY_MS),
});

const stub = await startStubUpstream();
const files = `certFile: "${path('server.crt')}", keyFile: "${path('server.key')}"`;
const config = load(
  `
logLevel: warn
listen:
  - {address: "127.0.0.1:0", tls: {${files}}}
  - address: "127.0.0.1:0"
    tls: {${files}, clientCaFile: "${path('clients.crt')}", clientNames: ["spiffe://tamma/ns/shop/*"]}
`,
  { OPENAI_API_KEY: 'stub', OPENAI_BASE_URL: stub.url, TAMMA_ADMIN_LISTEN: '127.0.0.1:0' },
);
const app = createApp(config, { version: '1.2.3' });
const [tls = '', mutual = ''] = await app.start();
const cases = [
  [tls, 'ca', 'none', 'ok'],
  [tls, 'ca', 'client', 'ok'],
  [tls, 'others', 'none', 'refused'],
  [tls, 'plain', 'none', 'refused'],
  [mutual, 'ca', 'client', 'ok'],
  [mutual, 'ca', 'none', 'refused'],
  [mutual, 'ca', 'stranger', 'refused'],
  [mutual, 'ca', 'expired', 'refused'],
  [mutual, 'ca', 'other-name', 'refused'],
  [mutual, 'others', 'client', 'refused'],
  [mutual, 'plain', 'none', 'refused'],
];
writeFileSync(path('cases'), cases.map((columns) => `${columns.join(' ')}\n`).join(''));
process.stdout.write('ready\n');
if (!told.signal.aborted) await once(told.signal, 'abort');
await app.stop();
await stub.close();
