import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { buildConnector } from 'undici';
import { ProxyError, TunnelError } from '../../../src/openai/errors/proxy-errors.ts';
import { throughTunnel } from '../../../src/openai/http/connect.ts';
import { HttpProxy } from '../../../src/openai/http/proxy.ts';
import { holdClosedPort } from '../../support/closed-port.ts';

const UPSTREAM = { protocol: 'https:', hostname: 'upstream.test', host: 'upstream.test', port: '' };

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
  server = undefined;
});

/** A proxy that does this with whoever connects. */
async function proxyThat(serve: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The error with which connecting through it ends. */
async function connecting(port: number, target: object = {}, credentials = '', timeoutMs = 30_000) {
  const proxy = new HttpProxy(`http://${credentials}127.0.0.1:${port}`);
  const connect = throughTunnel(proxy, buildConnector({}), timeoutMs);
  return new Promise<Error | null>((done) => {
    connect({ ...UPSTREAM, ...target }, (...[error]) => done(error));
  });
}

describe('what the proxy answers to CONNECT', () => {
  it.each<[string, string, number, string]>([
    ['a refusal', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 407, '407'],
    [
      'a refusal behind interim responses',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nVia: p\r\n\r\nHTTP/1.1 502 No\r\n\r\n',
      502,
      '502',
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 0, 'no HTTP response'],
    ['more than its answer', 'HTTP/1.1 200 OK\r\n\r\nhello', 200, '200'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(17_000)}`, 200, '200'],
  ])('is %s', async (_what, answer, status, said) => {
    const error = await connecting(await proxyThat((socket) => socket.write(answer)));
    expect(error).toBeInstanceOf(TunnelError);
    expect(error).toMatchObject({ status, message: `the proxy answered CONNECT with ${said}` });
  });

  it('is nothing', async () => {
    const error = await connecting(
      await proxyThat((socket) => socket.once('data', () => socket.end())),
    );
    expect(error).toMatchObject({ status: 0 });
  });

  it('comes too late', async () => {
    const error = await connecting(await proxyThat(() => {}), {}, '', 20);
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({
      cause: {
        code: 'UND_ERR_CONNECT_TIMEOUT',
        message: 'the connection through the proxy took too long',
      },
    });
  });

  it('is not to be had where nobody listens', async () => {
    const closed = await holdClosedPort();
    const forwarded = { protocol: 'http:', hostname: '127.0.0.1', port: String(closed.port) };
    for (const target of [{}, forwarded]) {
      const error = await connecting(closed.port, target);
      expect(error).toBeInstanceOf(ProxyError);
      expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
    await closed.release();
  });
});

describe('what the proxy is asked for', () => {
  it.each<[object, string, string]>([
    [{}, '', 'upstream.test:443'],
    [{ port: '8443' }, '', 'upstream.test:8443'],
    [{ hostname: '::1' }, '', '[::1]:443'],
    [{ hostname: '[::1]', port: '9' }, 'me:secret@', '[::1]:9'],
  ])('%j as %s', async (target, credentials, authority) => {
    let asked = '';
    const port = await proxyThat((socket) => {
      socket.on('data', (chunk: Buffer) => {
        asked += chunk.toString();
        if (asked.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 502 No\r\n\r\n');
      });
    });
    expect(await connecting(port, target, credentials)).toMatchObject({ status: 502 });
    const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n`;
    const basic = Buffer.from('me:secret').toString('base64');
    const proof = credentials === '' ? '' : `Proxy-Authorization: Basic ${basic}\r\n`;
    expect(asked).toBe(`${head}${proof}\r\n`);
  });
});
