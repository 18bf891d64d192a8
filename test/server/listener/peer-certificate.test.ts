import { Server } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import { HealthService } from '../../../src/gen/grpc/health/v1/health.ts';
import { Connections } from '../../../src/server/listener/connections.ts';
import { createInjector } from '../../../src/server/listener/injector.ts';
import { Listeners } from '../../../src/server/listener/listen.ts';
import {
  type PeerCertificate,
  parseAlternativeNames,
  peerCertificate,
} from '../../../src/server/listener/peer-certificate.ts';
import { Authority } from '../../support/certificates.ts';
import { connect, type GrpcClient } from '../../support/grpc-client.ts';
import { clientSecurity, TLS_CHANNEL, TlsFolder } from '../../support/tls.ts';

const authority = new Authority();
const folder = new TlsFolder();
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that notes the certificates of those who call it. */
async function start(tls: object | undefined) {
  const seen: (PeerCertificate | undefined)[] = [];
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService(HealthService, {
    check(call: object, callback: (error: null, answer: object) => void) {
      seen.push(peerCertificate(call), peerCertificate(call));
      callback(null, { status: 1 });
    },
    list: () => {},
    watch(call: { end(): void }) {
      seen.push(peerCertificate(call));
      call.end();
    },
  });
  const refusals = { note() {} };
  const connections = new Connections(
    { maxConnections: 10, idleTimeoutMs: 60_000, maxConnectionAgeMs: 600_000 },
    { clock: systemClock, refusals, inject: createInjector(server), random: () => 0.5 },
  );
  const log = { info() {}, warn() {} };
  const listeners = new Listeners({
    clock: systemClock,
    log,
    connections,
    refusals,
    socketMode: 0o600,
  });
  folder.put(authority.issue({ commonName: 'sidecar', dns: ['localhost'] }));
  const clientCaFile = folder.write('ca.crt', authority.cert);
  const [address = ''] = await listeners.open([
    {
      address: '127.0.0.1:0',
      ...(tls === undefined ? {} : { tls: folder.options({ clientCaFile, ...tls }) }),
    },
  ]);
  closing.push(() => {
    listeners.close();
    connections.stop();
    server.forceShutdown();
  });
  const open = (client: GrpcClient) => {
    closing.unshift(() => client.close());
    return client;
  };
  return { address, seen, open };
}

describe('peerCertificate', () => {
  it('is what a verified certificate says, in every kind of call', async () => {
    const { address, seen, open } = await start({});
    const own = authority.issue({
      commonName: 'checkout',
      dns: ['checkout.shop.svc', 'other.shop.svc'],
      uris: ['spiffe://tamma/ns/shop/sa/checkout'],
    });
    const client = open(connect(address, TLS_CHANNEL, clientSecurity(authority, own)));
    await client.health.unary('Check');
    await client.health.unary('Check');
    for await (const _ of client.health.stream('Watch')) expect(_).toBeUndefined();
    const told = {
      dnsNames: ['checkout.shop.svc', 'other.shop.svc'],
      uris: ['spiffe://tamma/ns/shop/sa/checkout'],
      subject: 'CN=checkout',
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      expiresAt: expect.any(Number),
    };
    expect(seen).toEqual([told, told, told, told, told]);
  });

  it('is undefined without TLS, without a certificate, and with one that nobody vouches for', async () => {
    const plain = await start(undefined);
    await plain.open(connect(plain.address)).health.unary('Check');
    expect(plain.seen).toEqual([undefined, undefined]);
    const optional = await start({ clientCertificate: 'optional' });
    const strange = new Authority('Other').issue({ commonName: 'checkout' });
    for (const security of [clientSecurity(authority), clientSecurity(authority, strange)]) {
      const client = optional.open(connect(optional.address, TLS_CHANNEL, security));
      await client.health.unary('Check');
    }
    expect(optional.seen).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('names of a certificate', () => {
  it.each([
    ['', []],
    ['DNS:a.test', [['DNS', 'a.test']]],
    [
      'DNS:a.test, URI:spiffe://a/b, IP Address:127.0.0.1',
      [
        ['DNS', 'a.test'],
        ['URI', 'spiffe://a/b'],
        ['IP Address', '127.0.0.1'],
      ],
    ],
    ['URI:"spiffe://a/b\\u002cDNS:evil.test"', [['URI', 'spiffe://a/b,DNS:evil.test']]],
    [
      'URI:"x\\", DNS:evil.test", DNS:a',
      [
        ['URI', 'x", DNS:evil.test'],
        ['DNS', 'a'],
      ],
    ],
    ['DNS:a"b', []],
    ['nonsense', []],
  ])('are read from %s', (text, names) => {
    expect(parseAlternativeNames(text).map(({ kind, value }) => [kind, value])).toEqual(names);
  });
});
