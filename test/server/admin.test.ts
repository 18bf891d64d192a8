import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AdminServer,
  type AdminServerDeps,
  createAdminServer,
} from '../../src/server/admin.ts';
import type { AdminStatus } from '../../src/server/status-page.ts';

const STARTED = Date.UTC(2026, 10, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const STATUS: AdminStatus = {
  version: '1.2.3',
  configRevision: 'c0ffee123456',
  state: 'serving',
  startedAt: STARTED,
  uptimeMs: 27 * HOUR + 5_000,
  activeCalls: 7,
  listeners: ['127.0.0.1:50051', 'unix:/run/tamma.sock'],
  upstreams: [
    {
      endpoint: 'https://api.openai.com',
      healthy: true,
      lastSuccessAt: STARTED + 27 * HOUR - 7 * MINUTE,
    },
    {
      endpoint: 'https://fallback.example',
      healthy: false,
      lastFailureAt: STARTED + 27 * HOUR + 5_000,
      lastFailureReason: 'SERVICE_UNAVAILABLE',
    },
  ],
};

const started: AdminServer[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((admin) => admin.stop()));
});

async function start(deps: Partial<AdminServerDeps> = {}, listen = '127.0.0.1:0') {
  const error = jest.fn();
  const admin = createAdminServer(
    { listen },
    {
      handleMetrics: (_request, response) => void response.end('calls 7\n'),
      ready: () => true,
      status: () => STATUS,
      logger: { error },
      ...deps,
    },
  );
  started.push(admin);
  const address = await admin.start();
  return {
    admin,
    address,
    error,
    get: (path: string) => fetch(`http://${address}${path}`),
  };
}

async function open(address: string): Promise<Socket> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

describe('the admin server', () => {
  it('resolves to its address with the real port', async () => {
    const { address } = await start();
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  });

  it('listens on IPv6', async () => {
    const { address, get } = await start({}, '[::1]:0');
    expect(address).toMatch(/^\[::1\]:[1-9]\d*$/);
    expect((await get('/livez')).status).toBe(200);
  });

  it.each(['9464', 'unix:/run/admin.sock', '127.0.0.1:65536'])(
    'refuses to listen on %s',
    async (listen) => {
      await expect(start({}, listen)).rejects.toThrow(`"${listen}" is not an address`);
    },
  );

  it('rejects when the port is taken', async () => {
    const { address } = await start();
    await expect(start({}, address)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('answers /metrics with what it was given', async () => {
    const { get } = await start();
    const response = await get('/metrics?name=calls');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('calls 7\n');
  });

  it('is alive and ready while serving', async () => {
    const { get } = await start();
    for (const path of ['/livez', '/readyz']) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('ok\n');
    }
  });

  it('is alive but not ready while draining', async () => {
    const { get } = await start({ ready: () => false });
    const readyz = await get('/readyz');
    expect(readyz.status).toBe(503);
    expect(await readyz.text()).toBe('draining\n');
    expect((await get('/livez')).status).toBe(200);
  });

  it('answers the status as JSON', async () => {
    const { get } = await start();
    const response = await get('/status.json');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(STATUS);
  });

  it('answers 404 to other paths', async () => {
    const { get } = await start();
    for (const path of ['/favicon.ico', '//', '/livez/']) {
      expect((await get(path)).status).toBe(404);
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('answers 405 to %s', async (method) => {
    const { address } = await start();
    const response = await fetch(`http://${address}/metrics`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('answers HEAD without a body', async () => {
    const { address } = await start();
    const response = await fetch(`http://${address}/`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await response.text()).toBe('');
  });

  it.each(['/', '/metrics', '/livez', '/status.json', '/none'])(
    'forbids sniffing, caching and foreign content on %s',
    async (path) => {
      const { get } = await start();
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'unsafe-inline';/,
      );
    },
  );

  it('answers 500 without details when a handler throws, logs it and lives', async () => {
    const thrown = new Error('the secret cause');
    const { get, error } = await start({
      status: () => {
        throw thrown;
      },
    });
    const response = await get('/status.json');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('internal error\n');
    expect(error).toHaveBeenCalledWith({ err: thrown, url: '/status.json' }, expect.any(String));
    expect((await get('/livez')).status).toBe(200);
  });

  it('cuts the connection when a handler throws in the middle of its answer', async () => {
    const { get, error } = await start({
      handleMetrics(_request, response) {
        response.writeHead(200).write('half');
        throw new Error('later');
      },
    });
    await expect(get('/metrics').then((response) => response.text())).rejects.toThrow();
    expect(error).toHaveBeenCalledTimes(1);
    expect((await get('/livez')).status).toBe(200);
  });

  it('cuts what is idle or half said when it stops', async () => {
    const { admin, address } = await start();
    const silent = await open(address);
    const halfSaid = await open(address);
    halfSaid.write('GET /livez HTTP/1.1\r\nhost: a');
    const keptAlive = await open(address);
    keptAlive.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(keptAlive, 'data');
    const closed = Promise.all([silent, halfSaid, keptAlive].map((s) => once(s.resume(), 'close')));
    await admin.stop();
    await closed;
  });

  it('lets a running response finish when it stops', async () => {
    let finish = (): void => undefined;
    const asked = Promise.withResolvers<void>();
    const { admin, address } = await start({
      handleMetrics(_request, response) {
        finish = () => void response.end('late\n');
        asked.resolve();
      },
    });
    const outgoing = request(`http://${address}/metrics`).end();
    const answered = once(outgoing, 'response');
    await asked.promise;
    const stopped = admin.stop();
    finish();
    const [response] = await answered;
    expect(await response.toArray()).toEqual([Buffer.from('late\n')]);
    await stopped;
  });

  it('may be stopped again, and when it never listened', async () => {
    const { admin, address } = await start();
    await expect(start({}, address)).rejects.toThrow();
    await Promise.all(started.map((each) => each.stop()));
    await admin.stop();
    await expect(fetch(`http://${address}/livez`)).rejects.toThrow();
  });
});

describe('the status page', () => {
  async function page(status: AdminStatus): Promise<string> {
    const { get } = await start({ status: () => status });
    const response = await get('/');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    return response.text();
  }

  it('shows the state, the build, the load and the listeners', async () => {
    const html = await page(STATUS);
    for (const text of [
      'serving',
      '1.2.3',
      'c0ffee123456',
      '1 d 3 h',
      '>7<',
      ...STATUS.listeners,
    ]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('since 2026-11-01T00:00:00.000Z');
    expect(await page({ ...STATUS, state: 'draining' })).toContain('>draining</span>');
  });

  it('shows when each upstream last answered and why it last failed', async () => {
    const [good, bad] = (await page(STATUS)).split('<tr>').slice(-2);
    expect(good).toMatch(/api\.openai\.com.*healthy.*7 min 5 s ago.*never/s);
    expect(bad).toMatch(/fallback\.example.*failing.*never.*0 s ago.*SERVICE_UNAVAILABLE/s);
  });

  it('escapes everything it was given', async () => {
    const evil = `<script>alert("1" & '2')</script>`;
    const html = await page({
      ...STATUS,
      version: evil,
      configRevision: evil,
      listeners: [evil],
      upstreams: [{ endpoint: evil, healthy: true }],
    });
    expect(html).not.toContain('<script');
    const escaped = '&#60;script&#62;alert(&#34;1&#34; &#38; &#39;2&#39;)&#60;/script&#62;';
    expect(html.split(escaped)).toHaveLength(5);
  });

  it('needs nothing from elsewhere', async () => {
    const html = await page(STATUS);
    expect(html).not.toMatch(/\bsrc=|href="(?!\/)|url\(|@import|<script|<link/);
    expect(html).toContain('color-scheme: light dark');
  });
});
