import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AdminServer,
  type AdminServerOptions,
  createAdminServer,
} from '../../../src/server/admin/admin.ts';
import { digestOf } from '../../../src/server/callers/token-list.ts';
import { Authority } from '../../support/certificates.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { tempFolders } from '../../support/temp-folder.ts';
import { TlsFolder } from '../../support/tls.ts';

const READ_AGAIN_MS = 2_000;
const STATUS = {
  version: '1.2.3',
  configRevision: 'c0ffee',
  state: 'serving',
  startedAt: 0,
  uptimeMs: 1,
  activeCalls: 0,
  listeners: [],
  upstreams: [],
  budgets: [],
  batches: [],
  budgetCount: 0,
  problems: [],
  load: 0,
  ledger: { since: 0, pending: 0 },
} as const;

const newFolder = tempFolders();
let folder: string;
let started: AdminServer | undefined;
const clock = new FakeClock();

beforeEach(() => {
  folder = newFolder();
});

afterEach(async () => {
  await started?.stop();
  started = undefined;
});

async function start(options: Partial<AdminServerOptions> = {}) {
  const warn = jest.fn();
  started = createAdminServer(
    { listen: { address: '127.0.0.1:0' }, serves: 'everything', hosts: [], ...options },
    {
      handleMetrics: (_request, response) => void response.end('calls 7\n'),
      ready: () => true,
      status: () => STATUS,
      logger: { error: jest.fn(), info: jest.fn(), warn },
      clock,
      refusedConnections: { add: () => {} },
    },
  );
  const address = await started.start();
  const [host, port] = address.split(':');
  return {
    address,
    warn,
    async get(path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
      return (await ask({ host, port, path, headers })).statusCode;
    },
  };
}

async function ask(options: RequestOptions, send = httpRequest): Promise<IncomingMessage> {
  const [response] = await once(send({ agent: false, ...options }).end(), 'response');
  response.resume();
  return response;
}

describe('the name under which the admin server is asked', () => {
  it.each([
    '127.0.0.1',
    '127.0.0.1:9464',
    '10.1.2.3:80',
    '[::1]',
    '[fd00::7]:9464',
    'localhost',
    'LocalHost:9464',
    'admin.test',
    'Admin.Test:9464',
  ])('may be %s', async (host) => {
    const { get } = await start({ hosts: ['Admin.test'] });
    for (const path of ['/', '/status.json', '/metrics', '/livez']) {
      expect(await get(path, { host })).toBe(200);
    }
  });

  it.each([
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1.',
    'localhost:80@evil.example',
    'admin.test.evil',
    '[evil]',
    '[::1',
    '[::1]evil.example',
    'me@localhost',
    'me:secret@127.0.0.1',
    '127.1',
    '2130706433',
    '127.0.0.1:9464:9464',
    'localhost,evil.example',
    'localhost/',
    '0x7f000001',
  ])('may not be "%s"', async (host) => {
    const { get } = await start({ hosts: ['admin.test'] });
    for (const path of ['/', '/status.json', '/metrics', '/livez', '/none']) {
      expect(await get(path, { host })).toBe(421);
    }
  });

  it('is of no interest over a socket file, which its group may use', async () => {
    const path = join(folder, 'admin.sock');
    await start({ listen: { address: `unix:${path}` } });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    const { statusCode } = await ask({
      socketPath: path,
      path: '/status.json',
      headers: { host: 'x' },
    });
    expect(statusCode).toBe(200);
    await started?.stop();
    expect(existsSync(path)).toBe(false);
  });
});

describe('a token for the admin server', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('opens it, as a bearer or a password', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'one-token-0123456789\nother:token:0123456789\nshort\n');
    const { get, address } = await start({ tokenFile });
    for (const authorization of [
      'Bearer one-token-0123456789',
      'bearer other:token:0123456789',
      'Bearer short',
      basic('me:other:token:0123456789'),
    ]) {
      expect(await get('/status.json', { authorization })).toBe(200);
    }
    for (const authorization of [
      'Bearer one-token-0123456780',
      'Bearer ',
      'one-token-0123456789',
      'Digest one-token-0123456789',
      basic('one-token-0123456789:'),
    ]) {
      expect(await get('/livez', { authorization })).toBe(401);
    }
    expect(await get('/metrics')).toBe(401);
    const refused = await fetch(`http://${address}/`);
    expect(refused.headers.get('www-authenticate')).toMatch(/Bearer, Basic/);
  });

  it('stands in its file as that of a caller does: with a remark, as a digest, until a time', async () => {
    const tokenFile = join(folder, 'token');
    const digest = digestOf('of-the-operator-0123').toString('hex');
    const ends = new Date(clock.now() + 1_000).toISOString();
    writeFileSync(tokenFile, `# of operators-everywhere\nsha256:${digest} ${ends}\n`);
    const { get } = await start({ tokenFile });
    const bearer = (token: string) => get('/', { authorization: `Bearer ${token}` });
    expect(await bearer('of-the-operator-0123')).toBe(200);
    for (const word of ['#', 'operators-everywhere', `sha256:${digest}`, ends]) {
      expect(await bearer(word)).toBe(401);
    }
    clock.advance(1_000);
    expect(await bearer('of-the-operator-0123')).toBe(401);
  });

  it('may change, and is kept while its file is wrong', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'old-token-0123456789');
    const { get, warn } = await start({ tokenFile });
    writeFileSync(tokenFile, 'sha256:half-a-digest');
    while (warn.mock.calls.length === 0) await readAgain();
    expect(await get('/', { authorization: 'Bearer old-token-0123456789' })).toBe(200);
    expect(await get('/', { authorization: 'Bearer sha256:half-a-digest' })).toBe(401);
    writeFileSync(tokenFile, 'new-token-0123456789');
    while ((await get('/', { authorization: 'Bearer new-token-0123456789' })) !== 200) {
      await readAgain();
    }
    expect(await get('/', { authorization: 'Bearer old-token-0123456789' })).toBe(401);
  });

  it('must be there', async () => {
    const tokenFile = join(folder, 'token');
    await expect(start({ tokenFile })).rejects.toThrow('ENOENT');
    writeFileSync(tokenFile, ' \n');
    await expect(start({ tokenFile })).rejects.toThrow('there is no token in it');
  });

  async function readAgain(): Promise<void> {
    clock.advance(READ_AGAIN_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

describe('listeners of probes and scrapers', () => {
  it.each([
    ['health' as const, ['/livez', '/readyz']],
    ['metrics' as const, ['/metrics']],
  ])('serve %s and nothing else', async (serves, paths) => {
    const { get } = await start({ serves });
    for (const path of ['/', '/status.json', '/metrics', '/livez', '/readyz', '/none']) {
      expect(await get(path)).toBe(paths.includes(path) ? 200 : 404);
    }
  });
});

describe('the admin server over TLS', () => {
  it('is for those who have a certificate, and takes a new one of its own', async () => {
    const authority = new Authority();
    const tls = new TlsFolder();
    const own = { commonName: 'admin', dns: ['localhost'] };
    tls.put(authority.issue(own));
    const clientCaFile = tls.write('ca.crt', authority.cert);
    const clientNames = ['spiffe://tamma/ops/*'];
    const options = tls.options({ clientCaFile, clientNames });
    const { address } = await start({ listen: { address: '127.0.0.1:0', tls: options } });
    const [, port] = address.split(':');
    const answer = (client: object, ca = authority.cert) =>
      ask(
        { host: 'localhost', port, path: '/', ca, ...client } as RequestOptions,
        httpsRequest,
      ).then(
        ({ statusCode }) => statusCode,
        () => 'refused',
      );
    const operator = authority.issue({ commonName: 'o', uris: ['spiffe://tamma/ops/me'] });
    expect(await answer(operator)).toBe(200);
    expect(await answer({})).toBe('refused');
    expect(await answer(authority.issue({ commonName: 'x', uris: ['spiffe://tamma/dev/x'] }))).toBe(
      'refused',
    );
    const next = new Authority();
    tls.put(next.issue(own));
    clock.advance(READ_AGAIN_MS);
    while ((await answer(operator, next.cert)) !== 200) clock.advance(READ_AGAIN_MS);
    expect(await answer(operator)).toBe('refused');
    tls.remove();
  });
});

it('no page of another origin may embed or read what it serves', async () => {
  const { address } = await start();
  const { headers } = await fetch(`http://${address}/status.json`);
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  expect(headers.get('access-control-allow-origin')).toBeNull();
});
