import { once } from 'node:events';
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type AdminServer,
  type AdminServerOptions,
  createAdminServer,
} from '../../src/server/admin/admin.ts';
import { MAX_ADMIN_CONNECTIONS } from '../../src/server/admin/connections.ts';
import { TIMEOUTS } from '../../src/server/admin/listener.ts';
import { CallMemory } from '../../src/server/page/call-memory.ts';
import { StatusEvents } from '../../src/server/page/status-events.ts';
import { Authority } from '../support/certificates.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { TlsFolder } from '../support/tls.ts';

const MORE_THAN_MAY_BE = MAX_ADMIN_CONNECTIONS + 20;
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const LARGE = 'x'.repeat(4 * 2 ** 20);

const sockets: Socket[] = [];
let admin: AdminServer | undefined;
let tls: TlsFolder | undefined;

beforeEach(() => {
  // On a slow machine many connections take longer than one may last, and would end for that.
  for (const name of Object.keys(TIMEOUTS) as (keyof typeof TIMEOUTS)[]) {
    jest.replaceProperty(TIMEOUTS, name, 600_000);
  }
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const socket of sockets.splice(0)) socket.destroy();
  await admin?.stop();
  tls?.remove();
  tls = undefined;
});

async function start(options: Partial<AdminServerOptions> = {}, metrics = 'calls 7\n') {
  const clock = new FakeClock();
  const seen = { scrapes: 0, refused: new Map<unknown, number>() };
  admin = createAdminServer(
    { listen: { address: '127.0.0.1:0' }, serves: 'everything', hosts: [], ...options },
    {
      handleMetrics: (_request, response) => {
        seen.scrapes += 1;
        response.end(metrics);
      },
      ready: () => true,
      status: () => {
        throw new Error('Nobody asks for it.');
      },
      page: {
        memory: new CallMemory(clock),
        events: new StatusEvents(clock, () => new Map([['head', LARGE]])),
      },
      logger: { error: () => {}, warn: () => {}, info: () => {} },
      clock,
      refusedConnections: {
        add: (_one, attributes) => {
          const reason = attributes?.['tamma.provider.reason'];
          seen.refused.set(reason, (seen.refused.get(reason) ?? 0) + 1);
        },
      },
    },
  );
  const address = await admin.start();
  return { port: Number(address.split(':')[1]), seen };
}

async function open(port: number, says = '', from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (says !== '') socket.write(says);
  return socket;
}

async function get(port: number, path: string, send: typeof request = request): Promise<unknown> {
  const options = { host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false };
  const [response] = await once(send(options).end(), 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

describe('more connections than the admin port has, that', () => {
  it.each([
    ['say nothing', ''],
    ['say half of their headers', 'GET /livez HTTP/1.1\r\nhost: loc'],
    ['are kept alive', GET('/livez')],
    ['never read /metrics', GET('/metrics')],
    ['never read the page', GET('/events')],
    ['ask for more than they read', GET('/metrics').repeat(3)],
  ])('%s, lock nobody out', async (_what, says) => {
    const { port, seen } = await start({}, LARGE);
    for (let one = 0; one < MORE_THAN_MAY_BE; one += 1) await open(port, says);
    for (const path of ['/livez', '/readyz', '/metrics']) expect(await get(port, path)).toBe(200);
    expect(seen.refused.get('full')).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ['health', '/readyz'],
    ['metrics', '/metrics'],
  ] as const)('say half of a request, lock nobody out of the port of %s', async (serves, path) => {
    const { port } = await start({ serves });
    for (let one = 0; one < MORE_THAN_MAY_BE; one += 1) await open(port, 'GET /');
    expect(await get(port, path)).toBe(200);
  });

  it('say half of a handshake, lock nobody out', async () => {
    tls = new TlsFolder();
    tls.put(new Authority().issue({ commonName: 'localhost', dns: ['localhost'] }));
    const { port, seen } = await start({ listen: { address: '127.0.0.1:0', tls: tls.options() } });
    // The first bytes of a ClientHello.
    for (let one = 0; one < MORE_THAN_MAY_BE; one += 1) await open(port, '\x16\x03\x01');
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect(await get(port, path, secureRequest)).toBe(200);
    }
    expect(seen.refused.get('full')).toBeGreaterThanOrEqual(20);
  });
});

it('more connections than the admin port has, that say half of a body, lock nobody out', async () => {
  const { port } = await start();
  const half = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n1';
  for (let one = 0; one < MORE_THAN_MAY_BE; one += 1) await open(port, half);
  for (const path of ['/livez', '/readyz', '/metrics']) expect(await get(port, path)).toBe(200);
});

it('a connection of another address is not what makes room', async () => {
  const { port } = await start();
  const probe = await open(port, '', '127.0.0.2');
  for (let one = 0; one < MORE_THAN_MAY_BE; one += 1) await open(port, 'GET /');
  probe.write(GET('/livez'));
  expect(String(await once(probe, 'data'))).toContain('200 OK');
});

it.each(['/livez', '/metrics', '/nowhere'])('a body is not waited for: %s', async (path) => {
  const { port } = await start();
  const body = 'transfer-encoding: chunked\r\n\r\n9\r\n1';
  const socket = await open(port, `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${body}`);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes;
  });
  await once(socket, 'close');
  expect(answer).toMatch(/^connection: close\r$/im);
});

it('a heap of requests in one breath is not answered', async () => {
  const { port, seen } = await start();
  const socket = await open(port, GET('/metrics').repeat(1_000));
  socket.resume();
  await once(socket, 'close');
  expect(seen.scrapes).toBeLessThanOrEqual(4);
  expect(await get(port, '/livez')).toBe(200);
});

it('a hundred requests of one connection, one after the other, are', async () => {
  const { port, seen } = await start();
  const socket = await open(port);
  for (let one = 0; one < 100; one += 1) {
    socket.write(GET('/metrics'));
    await once(socket, 'data');
  }
  expect(seen.scrapes).toBe(100);
});
