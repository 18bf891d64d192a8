import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import {
  type AdminServer,
  type AdminServerDeps,
  createAdminServer,
} from '../../../src/server/admin/admin.ts';
import type { AdminStatus } from '../../../src/server/page/status-page.ts';
import { describeWithIPv6 } from '../../support/describe-where.ts';
import { aBudget, anUpstreamStatus, DOLLAR } from '../../support/fake-provider.ts';

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
  batches: [],
  budgetCount: 1,
  problems: ['azure: the upstream is away.'],
  load: 0.25,
  ledger: { since: 0, pending: 0 },
  listeners: ['127.0.0.1:50051', 'unix:/run/tamma.sock'],
  upstreams: [
    anUpstreamStatus({
      endpoint: 'https://api.openai.com',
      lastSuccessAt: STARTED + 27 * HOUR - 7 * MINUTE,
      models: [
        { model: 'gpt-a', circuit: 'closed', running: 3, queued: 0, concurrencyLimit: 0 },
        { model: 'gpt-b', circuit: 'half_open', running: 1, queued: 12, concurrencyLimit: 40 },
      ],
      keys: 2,
    }),
    anUpstreamStatus({
      target: 'azure',
      endpoint: 'https://fallback.example',
      healthy: false,
      lastFailureAt: STARTED + 27 * HOUR + 5_000,
      lastFailureReason: 'SERVICE_UNAVAILABLE',
      models: [{ model: 'gpt-a', circuit: 'open', running: 0, queued: 0, concurrencyLimit: 7 }],
      keys: 3,
      keysSetAside: 1,
    }),
  ],
  budgets: [
    aBudget({
      name: 'per-user',
      scope: 'user',
      subject: 'u-1',
      period: 'day',
      limit: 20n * DOLLAR,
      spent: 5n * DOLLAR + 250n,
      reserved: DOLLAR / 8n,
      resetsAt: STARTED + 48 * HOUR,
    }),
  ],
};

const started: AdminServer[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((admin) => admin.stop()));
});

async function start(deps: Partial<AdminServerDeps> = {}, listen = '127.0.0.1:0') {
  const error = jest.fn();
  const admin = createAdminServer(
    { listen: { address: listen }, serves: 'everything', hosts: [] },
    {
      handleMetrics: (_request, response) => void response.end('calls 7\n'),
      ready: () => true,
      status: () => STATUS,
      logger: { error, warn: jest.fn(), info: jest.fn() },
      clock: systemClock,
      refusedConnections: { add: () => {} },
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

describeWithIPv6('the admin server of a machine with IPv6', () => {
  it('listens there', async () => {
    const { address, get } = await start({}, '[::1]:0');
    expect(address).toMatch(/^\[::1\]:[1-9]\d*$/);
    expect((await get('/livez')).status).toBe(200);
  });
});

describe('the admin server', () => {
  it('resolves to its address with the real port', async () => {
    const { address } = await start();
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  });

  it.each(['9464', 'admin.sock', '127.0.0.1:65536'])('refuses to listen on %s', async (listen) => {
    await expect(start({}, listen)).rejects.toThrow(`"${listen}" is not an address`);
  });

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
    expect(await response.json()).toEqual({
      ...STATUS,
      budgets: [{ ...STATUS.budgets[0], limit: '20', spent: '5.00000000025', reserved: '0.125' }],
    });
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
    for (const text of ['serving', '1.2.3', 'c0ffee123456', '>7<', ...STATUS.listeners]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('datetime="2026-11-01T00:00:00.000Z"');
    expect(await page({ ...STATUS, state: 'draining' })).toContain('>draining</span>');
  });

  /** The texts of the cells of a table, row by row. */
  function rows(html: string, title: string): readonly (readonly string[])[] {
    const [, rest = ''] = html.split(`<h2>${title}</h2>`);
    const [, body = ''] = /<tbody>(.*?)<\/tbody>/s.exec(rest) ?? [];
    const cells = (row: string) => row.split('<td>').slice(1);
    return body
      .split('<tr>')
      .slice(1)
      .map((row) => cells(row).map((cell) => cell.replace(/<[^>]*>/g, '').trim()));
  }

  it('shows how each upstream fares and how many of its keys are set aside', async () => {
    const html = await page(STATUS);
    expect(rows(html, 'Upstreams')).toEqual([
      [
        'azure',
        'failing',
        'https://fallback.example',
        'never',
        '2026-11-02T03:00:05.000Z SERVICE_UNAVAILABLE',
        '1 of 3 set aside',
      ],
      ['default', 'healthy', 'https://api.openai.com', '2026-11-02T02:53:00.000Z', 'never', '2'],
    ]);
    expect(html).toContain('<span class="state wait">1 of 3 set aside</span>');
    const upstreams = [anUpstreamStatus({ keysSetAside: 1 })];
    expect(await page({ ...STATUS, upstreams })).toContain('state bad">1 of 1 set aside');
  });

  it('shows what stands between calls and each model', async () => {
    const html = await page(STATUS);
    expect(rows(html, 'Models')).toEqual([
      ['azure', 'gpt-a', 'open', '', '–', '–', '0', '0', '7'],
      ['default', 'gpt-b', 'half open', '', '–', '–', '1', '12', '40'],
      ['default', 'gpt-a', 'closed', '', '–', '–', '3', '0', 'none'],
    ]);
    expect(html).toContain('<span class="state bad">open</span>');
    expect(html).toContain('<span class="state wait">half open</span>');
  });

  it('shows how much of each budget is spent, and when it is reset', async () => {
    const html = await page({
      ...STATUS,
      budgets: [
        ...STATUS.budgets,
        aBudget({ name: 'fleet', spent: 12n * DOLLAR, alertThresholds: [] }),
        aBudget({ name: 'nobody', scope: 'project', limit: 0n }),
        aBudget({ name: 'small', scope: 'model', subject: 'gpt-a', spent: DOLLAR / 100_000n }),
      ],
    });
    const midnight = '2026-11-03T00:00:00.000Z';
    expect(rows(html, 'Budgets')).toEqual([
      ['per-user', 'user u-1', '25 %', '$5.00', '$20.00', '$0.125', midnight],
      ['fleet', 'all calls', '100 %', '$12.00', '$10.00', '$0.00', 'never'],
      ['nobody', 'project none named', '100 %', '$0.00', '$0.00', '$0.00', 'never'],
      ['small', 'model gpt-a', '0 %', '$0.00001', '$10.00', '$0.00', 'never'],
    ]);
    expect(html).toContain('value="0.2500" high="0.8"');
    expect(html).toContain('value="1.0000" high="1"');
  });

  it('shows no tables of which there is nothing to show', async () => {
    const html = await page({ ...STATUS, upstreams: [anUpstreamStatus()], budgets: [] });
    expect(html.match(/<h2>[^<]*/g)).toEqual(['<h2>Upstreams', '<h2>Stores', '<h2>Listeners']);
  });

  it('escapes everything it was given', async () => {
    const evil = `<script>alert("1" & '2')</script>`;
    const model = { circuit: 'closed', running: 0, queued: 0, concurrencyLimit: 0 } as const;
    const html = await page({
      ...STATUS,
      version: evil,
      configRevision: evil,
      listeners: [evil],
      upstreams: [
        anUpstreamStatus({ target: evil, endpoint: evil, models: [{ ...model, model: evil }] }),
      ],
      budgets: [aBudget({ name: evil, scope: 'user', subject: evil })],
    });
    expect(html).not.toContain('<script>alert');
    const escaped = '&#60;script&#62;alert(&#34;1&#34; &#38; &#39;2&#39;)&#60;/script&#62;';
    // The target stands in two tables, and the budget's name also at its bar.
    expect(html.split(escaped)).toHaveLength(1 + 3 + 4 + 3);
  });

  it('needs nothing from elsewhere', async () => {
    const html = await page(STATUS);
    expect(html).not.toMatch(/\bsrc=|href="(?!\/)|url\(|@import|<link/);
    expect(html).toContain('color-scheme: light dark');
  });
});
