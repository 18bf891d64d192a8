/**
 * Two sidecars with every kind of door, one that does not ask who calls and one that does, for clients in
 * other languages: doors-sidecar.ts DIRECTORY. Writes certificates there, and three tables without heads,
 * their columns separated by tabs: `methods`, a path and a request in base64; `cases`, a name, an address, the
 * CA that the client trusts (`plain`: it speaks no TLS), the certificate that it shows, both names of files
 * without `.crt`, and its token, `none` where there is none; and `expected`, what comes of each method in
 * each case: name, path, name of the status. Prints `ready`, and ends on SIGTERM or SIGINT.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { Authority, type CertificateFields } from '../support/certificates.ts';
import { load } from '../support/config.ts';
import { AUDIENCE, anIssuer, ISSUER } from '../support/issuer.ts';
import { startStubUpstream } from '../support/upstream/index.ts';
import { METHODS } from './methods.ts';

const DAY_MS = 86_400_000;
const [directory = '.'] = process.argv.slice(2);
const told = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => told.abort());

const path = (name: string) => join(directory, name);
const write = (name: string, text: string): string => {
  writeFileSync(path(name), text);
  return path(name);
};
const authority = new Authority('Servers');
const clients = new Authority('Clients');
const others = new Authority('Others');
const issue = (name: string, by: Authority, fields: CertificateFields) => {
  const { cert, key } = by.issue(fields);
  write(`${name}.crt`, cert);
  write(`${name}.key`, key);
};
for (const [name, { cert }] of Object.entries({ ca: authority, clients, others })) {
  write(`${name}.crt`, cert);
}
const shop = { commonName: 'shop', uris: ['spiffe://tamma/ns/shop/sa/checkout'] };
issue('server', authority, { commonName: 'sidecar', dns: ['localhost'], ips: ['127.0.0.1'] });
issue('client', clients, shop);
issue('stranger', others, shop);
issue('other-name', clients, { commonName: 'dev', uris: ['spiffe://tamma/ns/dev/sa/x'] });
issue('other-domain', clients, { commonName: 'x', uris: ['spiffe://x/ns/shop/sa/checkout'] });
issue('expired', clients, {
  ...shop,
  notBefore: new Date(Date.now() - 2 * DAY_MS),
  notAfter: new Date(Date.now() - DAY_MS),
});

const TOKEN = 'the-token-of-the-web-shop';
const OLD_TOKEN = 'the-token-of-the-last-year';
const [issuer, stranger] = await Promise.all([anIssuer(), anIssuer()]);
const past = Math.floor(Date.now() / 1000) - 60;
const jwts = {
  right: await issuer.sign(),
  expired: await issuer.sign({ exp: past }),
  early: await issuer.sign({ nbf: past + 3600 }),
  audience: await issuer.sign({ aud: 'another' }),
  issuer: await issuer.sign({ iss: 'https://another.test' }),
  signature: await stranger.sign(),
};

const stub = await startStubUpstream();
const upstream = {
  OPENAI_API_KEY: 'stub',
  OPENAI_BASE_URL: stub.url,
  TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
};
const files = `certFile: "${path('server.crt')}", keyFile: "${path('server.key')}"`;
const ofClients = `clientCaFile: "${path('clients.crt')}"`;
const plain = '{address: "127.0.0.1:0"}';
const tls = `{address: "127.0.0.1:0", tls: {${files}}}`;
const mutual = `{address: "127.0.0.1:0", tls: {${files}, ${ofClients}, clientNames: ["spiffe://tamma/ns/shop/*"]}}`;
const optional = `{address: "127.0.0.1:0", tls: {${files}, ${ofClients}, clientCertificate: optional}}`;
const rights = 'rights: [messages, batches, usage, reflection]';
const open = createApp(
  load(
    `{logLevel: error, dataDir: "${path('open')}", listen: [${plain}, ${tls}, ${mutual}]}`,
    upstream,
  ),
  {
    version: '1.2.3',
  },
);
const asking = createApp(
  load(
    `
logLevel: error
dataDir: "${path('asking')}"
listen: [${plain}, ${optional}]
callers:
  - {name: web, tokenFile: "${write('tokens', `${TOKEN}\n${OLD_TOKEN} 2026-01-01T00:00:00Z\n`)}", ${rights}}
  - {name: pod, subject: "system:serviceaccount:shop:*", ${rights}}
  - {name: mesh, san: "spiffe://tamma/ns/shop/sa/*", ${rights}}
callerJwt: {issuer: "${ISSUER}", audience: ${AUDIENCE}, jwksFile: "${write('jwks', issuer.jwks)}"}
`,
    upstream,
  ),
  { version: '1.2.3' },
);
const [openPlain, openTls, openMutual] = await open.start();
const [askingPlain, askingTls] = await asking.start();

/** What becomes of a case; `in`: it is let in. */
type Outcome = 'in' | 'UNAVAILABLE' | 'UNAUTHENTICATED';
/** Address, CA that is trusted, certificate, token. */
type Case = readonly [
  address: string | undefined,
  ca: string,
  own: string,
  token: string,
  outcome: Outcome,
];
const cases: Readonly<Record<string, Case>> = {
  'plain, right': [openPlain, 'plain', 'none', 'none', 'in'],
  'plain, asked over TLS': [openPlain, 'ca', 'none', 'none', 'UNAVAILABLE'],
  'TLS, right': [openTls, 'ca', 'none', 'none', 'in'],
  'TLS, right, with a certificate': [openTls, 'ca', 'client', 'none', 'in'],
  'TLS, wrong CA': [openTls, 'others', 'none', 'none', 'UNAVAILABLE'],
  'TLS, none spoken': [openTls, 'plain', 'none', 'none', 'UNAVAILABLE'],
  'mTLS, right': [openMutual, 'ca', 'client', 'none', 'in'],
  'mTLS, absent': [openMutual, 'ca', 'none', 'none', 'UNAVAILABLE'],
  'mTLS, of another CA': [openMutual, 'ca', 'stranger', 'none', 'UNAVAILABLE'],
  'mTLS, expired': [openMutual, 'ca', 'expired', 'none', 'UNAVAILABLE'],
  'mTLS, another name': [openMutual, 'ca', 'other-name', 'none', 'UNAVAILABLE'],
  'mTLS, another trust domain': [openMutual, 'ca', 'other-domain', 'none', 'UNAVAILABLE'],
  'mTLS, wrong CA': [openMutual, 'others', 'client', 'none', 'UNAVAILABLE'],
  'mTLS, none spoken': [openMutual, 'plain', 'none', 'none', 'UNAVAILABLE'],
  'token, right': [askingTls, 'ca', 'none', TOKEN, 'in'],
  'token, right, without TLS': [askingPlain, 'plain', 'none', TOKEN, 'in'],
  'token, wrong': [askingTls, 'ca', 'none', `${TOKEN}x`, 'UNAUTHENTICATED'],
  'token, expired': [askingTls, 'ca', 'none', OLD_TOKEN, 'UNAUTHENTICATED'],
  'token, absent': [askingTls, 'ca', 'none', 'none', 'UNAUTHENTICATED'],
  'token, absent, without TLS': [askingPlain, 'plain', 'none', 'none', 'UNAUTHENTICATED'],
  'token, wrong, with a certificate': [askingTls, 'ca', 'client', 'wrong', 'UNAUTHENTICATED'],
  'JWT, right': [askingTls, 'ca', 'none', jwts.right, 'in'],
  'JWT, right, without TLS': [askingPlain, 'plain', 'none', jwts.right, 'in'],
  'JWT, expired': [askingTls, 'ca', 'none', jwts.expired, 'UNAUTHENTICATED'],
  'JWT, not yet': [askingTls, 'ca', 'none', jwts.early, 'UNAUTHENTICATED'],
  'JWT, another audience': [askingTls, 'ca', 'none', jwts.audience, 'UNAUTHENTICATED'],
  'JWT, another issuer': [askingTls, 'ca', 'none', jwts.issuer, 'UNAUTHENTICATED'],
  'JWT, another signature': [askingTls, 'ca', 'none', jwts.signature, 'UNAUTHENTICATED'],
  'certificate, right': [askingTls, 'ca', 'client', 'none', 'in'],
  'certificate, another name': [askingTls, 'ca', 'other-name', 'none', 'UNAUTHENTICATED'],
  'certificate, another trust domain': [askingTls, 'ca', 'other-domain', 'none', 'UNAUTHENTICATED'],
  'certificate, expired': [askingTls, 'ca', 'expired', 'none', 'UNAUTHENTICATED'],
  'certificate, of another CA': [askingTls, 'ca', 'stranger', 'none', 'UNAUTHENTICATED'],
};

const table = (rows: readonly (readonly (string | undefined)[])[]) =>
  rows.map((columns) => `${columns.join('\t')}\n`).join('');
write(
  'methods',
  table(METHODS.map(({ path, request }) => [path, Buffer.from(request).toString('base64')])),
);
write(
  'cases',
  table(Object.entries(cases).map(([name, columns]) => [name, ...columns.slice(0, 4)])),
);
write(
  'expected',
  table(
    Object.entries(cases).flatMap(([name, [, , , , outcome]]) =>
      METHODS.map(({ path, letIn, isOpen = false }) => {
        const isIn = outcome === 'in' || (isOpen && outcome === 'UNAUTHENTICATED');
        return [name, path, isIn ? letIn : outcome];
      }),
    ),
  ),
);
process.stdout.write('ready\n');
if (!told.signal.aborted) await once(told.signal, 'abort');
await Promise.all([open.stop(), asking.stop()]);
await stub.close();
