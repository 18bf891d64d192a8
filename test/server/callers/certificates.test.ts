import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { Authority, type Certificate } from '../../support/certificates.ts';
import { codeName, connect, type GrpcClient } from '../../support/grpc-client.ts';
import { serverPerTest } from '../../support/server-per-test.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { clientSecurity, TLS_CHANNEL, TlsFolder } from '../../support/tls.ts';

const TOKEN = 'token-of-the-web-shop';
const authority = new Authority();
const clients = new Authority('Clients');
const stranger = new Authority('Strangers');

const directory = tempFolder();
const tokenFile = join(directory, 'tokens');
writeFileSync(tokenFile, TOKEN);
const folder = new TlsFolder();
folder.put(authority.issue({ commonName: 'sidecar', dns: ['localhost'], ips: ['127.0.0.1'] }));

afterAll(() => {
  folder.remove();
});

const open: GrpcClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});
const start = serverPerTest();

const named = (uri: string, issuer = clients) =>
  issuer.issue({ commonName: 'client', uris: [uri], dns: ['web.shop.svc'] });
const HOUR_MS = 3_600_000;

it.each<[string, Certificate | undefined, string | undefined, string]>([
  ['the right name', named('spiffe://shop/sa/web'), undefined, 'OK'],
  ['another name', named('spiffe://shop/sa/other'), undefined, 'UNAUTHENTICATED'],
  [
    'the right name of a stranger',
    named('spiffe://shop/sa/web', stranger),
    undefined,
    'UNAUTHENTICATED',
  ],
  [
    'the right name, once',
    clients.issue({
      commonName: 'client',
      uris: ['spiffe://shop/sa/web'],
      notBefore: new Date(Date.now() - 2 * HOUR_MS),
      notAfter: new Date(Date.now() - HOUR_MS),
    }),
    undefined,
    'UNAUTHENTICATED',
  ],
  ['no certificate', undefined, undefined, 'UNAUTHENTICATED'],
  ['no certificate and the right token', undefined, TOKEN, 'OK'],
  ['the right name and a wrong token', named('spiffe://shop/sa/web'), 'wrong', 'UNAUTHENTICATED'],
  ['another name and the right token', named('spiffe://shop/sa/other'), TOKEN, 'OK'],
])('over TLS with %s', async (_, certificate, token, outcome) => {
  const clientCaFile = folder.write('clients.crt', clients.cert);
  const tls = folder.options({ clientCaFile, clientCertificate: 'optional' });
  const { addresses } = await start({
    listen: [{ address: '127.0.0.1:0', tls }],
    callers: {
      callers: [
        { name: 'web', san: 'spiffe://shop/sa/web', rights: [], limits: {} },
        { name: 'shop', tokenFile, rights: [], limits: {} },
      ],
    },
  });
  const client = connect(addresses[0] ?? '', TLS_CHANNEL, clientSecurity(authority, certificate));
  open.push(client);
  const metadata = token === undefined ? {} : { metadata: { authorization: `Bearer ${token}` } };
  const answer = client.provider.unary('GetStatus', {}, metadata);
  expect(await answer.then(() => 'OK', codeName)).toBe(outcome);
});
