import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../../../src/server/listener/connections.ts';
import type { TlsOptions } from '../../../src/server/listener/tls.ts';
import { Authority } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { codeName, connect, type GrpcClient } from '../../support/grpc-client.ts';
import { serverPerTest } from '../../support/server-per-test.ts';
import { clientSecurity, TLS_CHANNEL, TlsFolder } from '../../support/tls.ts';

const READ_AGAIN_MS = 5_000;
const LOCALHOST = { commonName: 'sidecar', dns: ['localhost'], ips: ['127.0.0.1'] };

const authority = new Authority();
const clients = new Authority('Clients');
const stranger = new Authority('Strangers');

let folder: TlsFolder;
const open: GrpcClient[] = [];
beforeEach(() => {
  folder = new TlsFolder();
  folder.put(authority.issue(LOCALHOST));
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
  folder.remove();
});

// Its own clean-up comes after the one above: a server waits for its connections.
const startServer = serverPerTest();

async function start(tls: Partial<TlsOptions> = {}, time?: Clock) {
  const clock = new FakeClock();
  const listen = [{ address: '127.0.0.1:0', tls: folder.options(tls) }];
  const running = await startServer({ listen }, { clock: time ?? clock });
  const [address = ''] = running.addresses;
  return {
    ...running,
    address,
    clock,
    /** `OK`, or the code that a call fails with over a new connection. */
    async call(security = clientSecurity(authority)): Promise<string> {
      const client = connect(address, TLS_CHANNEL, security);
      open.push(client);
      return client.provider.unary('GetStatus').then(() => 'OK', codeName);
    },
  };
}

/** The log's lines, as soon as there are as many of a message. */
async function logged(
  log: { find: (fits: (line: object) => boolean) => Promise<object> },
  msg: string,
) {
  return log.find((line) => 'msg' in line && line.msg === msg);
}

describe('TLS', () => {
  it('is spoken to those who trust its CA', async () => {
    const { call } = await start();
    expect(await call()).toBe('OK');
    expect(await call(clientSecurity(stranger))).toBe('UNAVAILABLE');
  });

  it('is not negotiated again: the connection is closed, and others are answered', async () => {
    const { address, call } = await start({ minVersion: '1.2' });
    const [host, port] = address.split(':');
    const options = { host, port: Number(port), ca: authority.cert, ALPNProtocols: ['h2'] };
    const socket = connectTls({ ...options, maxVersion: 'TLSv1.2' });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    expect(socket.getProtocol()).toBe('TLSv1.2');
    socket.resume();
    socket.renegotiate({}, () => {});
    await once(socket, 'close');
    expect(await call()).toBe('OK');
  });

  it('is spoken to all of many who come at once', async () => {
    const { address } = await start();
    const [host, port] = address.split(':');
    const options = { host, port: Number(port), ca: authority.cert, ALPNProtocols: ['h2'] };
    const sockets = Array.from({ length: 60 }, () => connectTls(options));
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')));
    expect(new Set(sockets.map(({ alpnProtocol }) => alpnProtocol))).toEqual(new Set(['h2']));
    for (const socket of sockets) socket.destroy();
  });

  it('is spoken with a chain of certificates', async () => {
    const between = new Authority('Between', authority);
    const { cert, key } = between.issue(LOCALHOST);
    folder.put({ cert: `${cert}${between.cert}`, key });
    const { call } = await start();
    expect(await call()).toBe('OK');
  });

  it('is not spoken to those who speak none, and the listener goes on', async () => {
    const { call, client, telemetry } = await start();
    expect(await client.provider.unary('GetStatus').then(() => 'OK', codeName)).toBe('UNAVAILABLE');
    expect(await call()).toBe('OK');
    expect(await telemetry.measured('tamma.provider.refused_connections')).toMatchObject([
      { attributes: { 'tamma.provider.reason': 'tls' } },
    ]);
  });

  it.each([
    [{}, 'TLSv1.2', 'refused'],
    [{}, 'TLSv1.3', 'TLSv1.3'],
    [{ minVersion: '1.2' } as const, 'TLSv1.2', 'TLSv1.2'],
  ])('with %j and a client of %s: %s', async (tls, maxVersion, outcome) => {
    const { address } = await start(tls);
    const [host = '', port = ''] = address.split(':');
    const socket = connectTls({
      host,
      port: Number(port),
      ca: authority.cert,
      ALPNProtocols: ['h2'],
      maxVersion: maxVersion as 'TLSv1.2' | 'TLSv1.3',
    });
    const established = await once(socket, 'secureConnect').then(
      () => socket.getProtocol(),
      () => 'refused',
    );
    socket.destroy();
    expect(established).toBe(outcome);
  });

  it('says in the log which setting refused those who speak an older one', async () => {
    const { address, log } = await start();
    const [host = '', port = ''] = address.split(':');
    const socket = connectTls({ host, port: Number(port), maxVersion: 'TLSv1.2' });
    await once(socket, 'error');
    const line = await logged(
      log,
      'connections refused: they speak an older TLS than tls.minVersion of the listener',
    );
    expect(line).toMatchObject({ reason: 'tls', connections: 1 });
  });

  it('is for HTTP/2 alone', async () => {
    const { address, call } = await start();
    const [host = '', port = ''] = address.split(':');
    const options = { host, port: Number(port), ca: authority.cert };
    const other = connectTls({ ...options, ALPNProtocols: ['http/1.1'] });
    await expect(once(other, 'secureConnect')).rejects.toThrow();
    const none = connectTls(options);
    none.on('error', () => {});
    none.resume();
    await once(none, 'close');
    expect(await call()).toBe('OK');
  });

  it('is to be spoken in time', async () => {
    const { address, clock, call } = await start();
    const [host = '', port = ''] = address.split(':');
    const silent = connectSocket(Number(port), host);
    silent.resume();
    const closed = once(silent, 'close');
    expect(await call()).toBe('OK');
    clock.advance(HANDSHAKE_TIMEOUT_MS + 1_000);
    await closed;
  });

  it('does not start without its files, or with those of two certificates', async () => {
    folder.write('tls.key', authority.issue(LOCALHOST).key);
    await expect(start()).rejects.toThrow(
      /^cannot listen on 127\.0\.0\.1:0: .*key values mismatch/,
    );
    await expect(start({ certFile: '/none' })).rejects.toThrow('ENOENT');
  });
});

describe('the certificates of callers', () => {
  const client = clients.issue({
    commonName: 'checkout',
    uris: ['spiffe://tamma/ns/shop/sa/checkout'],
  });
  const DAY_MS = 86_400_000;
  const expired = clients.issue({
    commonName: 'late',
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter: new Date(Date.now() - DAY_MS),
  });

  it('are to be shown, valid, and of the CA', async () => {
    const { call } = await start({ clientCaFile: folder.write('ca.crt', clients.cert) });
    expect(await call(clientSecurity(authority, client))).toBe('OK');
    expect(await call(clientSecurity(authority))).toBe('UNAVAILABLE');
    expect(await call(clientSecurity(authority, expired))).toBe('UNAVAILABLE');
    const strange = stranger.issue({ commonName: 'checkout' });
    expect(await call(clientSecurity(authority, strange))).toBe('UNAVAILABLE');
  });

  it.each([
    ['spiffe://tamma/ns/shop/sa/*', 'OK'],
    ['spiffe://tamma/ns/shop/sa/checkout', 'OK'],
    ['*.shop.example', 'UNAVAILABLE'],
    ['checkout', 'UNAVAILABLE'],
  ])('are let in by their names: %s', async (pattern, outcome) => {
    const clientCaFile = folder.write('ca.crt', clients.cert);
    const { call } = await start({ clientCaFile, clientNames: ['a.example', pattern] });
    expect(await call(clientSecurity(authority, client))).toBe(outcome);
  });

  it.each([
    ['with it', true, 'OK'],
    ['without it', false, 'UNAVAILABLE'],
  ])('may be of a CA in between, and are known %s', async (_, isShown, outcome) => {
    const between = new Authority('Between', clients);
    const { cert, key } = between.issue({ commonName: 'checkout', dns: ['checkout.shop.svc'] });
    const { call } = await start({
      clientCaFile: folder.write('ca.crt', clients.cert),
      clientNames: ['*.shop.svc'],
    });
    const shown = { cert: isShown ? `${cert}${between.cert}` : cert, key };
    expect(await call(clientSecurity(authority, shown))).toBe(outcome);
  });

  it('may be left out where they are optional', async () => {
    const clientCaFile = folder.write('ca.crt', clients.cert);
    const { call } = await start({ clientCaFile, clientCertificate: 'optional' });
    expect(await call(clientSecurity(authority, client))).toBe('OK');
    expect(await call()).toBe('OK');
  });
});

describe('a connection', () => {
  it('takes no more calls shortly before the certificate of its caller expires', async () => {
    const clock = new FakeClock(Date.now());
    const { address } = await start({ clientCaFile: folder.write('ca.crt', clients.cert) }, clock);
    const notAfter = new Date(Date.now() + 100_000);
    const own = clients.issue({ commonName: 'checkout', notAfter });
    const session = connectHttp2(`https://${address}`, {
      ca: authority.cert,
      cert: own.cert,
      key: own.key,
    });
    const left = once(session, 'goaway');
    await once(session, 'remoteSettings');
    clock.advance(90_000);
    expect(session.closed).toBe(false);
    clock.advance(6_000);
    await left;
    session.destroy();
  });
});

describe('files that change', () => {
  it('count for new connections, those that stand go on', async () => {
    const {
      call,
      clock,
      log,
      client: _,
      address,
    } = await start({
      clientCaFile: folder.write('ca.crt', clients.cert),
    });
    const client = clients.issue({ commonName: 'checkout' });
    const stands = connect(address, TLS_CHANNEL, clientSecurity(authority, client));
    open.push(stands);
    await stands.provider.unary('GetStatus');
    const next = new Authority('Next');
    folder.put(next.issue(LOCALHOST));
    folder.write('ca.crt', stranger.cert);
    clock.advance(READ_AGAIN_MS);
    while (log.lines.filter(({ msg }) => msg === 'certificate read').length < 2) {
      await log.find((line) => line.msg === 'certificate read');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const strange = stranger.issue({ commonName: 'strange' });
    expect(await call(clientSecurity(next, strange))).toBe('OK');
    expect(await call(clientSecurity(next, client))).toBe('UNAVAILABLE');
    expect(await call(clientSecurity(authority, client))).toBe('UNAVAILABLE');
    await stands.provider.unary('GetStatus');
  });

  it('may change again and again under load, and no call fails', async () => {
    // Real time, in which files are read a hundred times as often.
    const clock: Clock = {
      ...systemClock,
      after: (ms, ...rest) => systemClock.after(ms === READ_AGAIN_MS ? ms / 100 : ms, ...rest),
    };
    const { call, address, log } = await start({}, clock);
    const stands = connect(address, TLS_CHANNEL, clientSecurity(authority));
    open.push(stands);
    let rotating = true;
    let calls = 0;
    const load = async (one: () => Promise<unknown>) => {
      while (rotating) {
        expect(await one()).toBe('OK');
        calls += 1;
      }
    };
    const running = [
      load(() => call()),
      load(() => call()),
      load(() => stands.provider.unary('GetStatus').then(() => 'OK', codeName)),
    ];
    for (let round = 1; round <= 10; round += 1) {
      const next = authority.issue(LOCALHOST);
      // As agents do that write one file after the other.
      folder.write('tls.crt', next.cert);
      await passed(20);
      folder.write('tls.key', next.key);
      while (log.lines.filter(({ msg }) => msg === 'certificate read').length <= round) {
        await passed(5);
      }
    }
    rotating = false;
    await Promise.all(running);
    expect(calls).toBeGreaterThan(10);
  });

  it.each(['tls.crt', 'tls.key', 'ca.crt'])(
    'are kept as they were while %s is empty',
    async (name) => {
      const clientCaFile = folder.write('ca.crt', clients.cert);
      const { call, clock, log } = await start({ clientCaFile });
      const client = clients.issue({ commonName: 'checkout' });
      folder.write(name, '');
      clock.advance(READ_AGAIN_MS);
      await logged(log, 'the certificate is kept: its files are wrong');
      expect(await call(clientSecurity(authority, client))).toBe('OK');
      expect(await call(clientSecurity(authority))).toBe('UNAVAILABLE');
    },
  );

  it('are kept as they were while they are wrong, which is told once', async () => {
    const { call, clock, log } = await start();
    const next = authority.issue(LOCALHOST);
    folder.write('tls.crt', next.cert);
    const kept = 'the certificate is kept: its files are wrong';
    for (let round = 0; round < 3; round += 1) {
      clock.advance(READ_AGAIN_MS);
      await logged(log, kept);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(log.lines.filter(({ msg }) => msg === kept)).toHaveLength(1);
    expect(await call()).toBe('OK');
    folder.write('tls.key', next.key);
    clock.advance(READ_AGAIN_MS);
    await log.find((line) => line.msg === 'certificate read' && log.lines.indexOf(line) > 0);
    expect(await call()).toBe('OK');
  });
});
