import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Server } from 'proxy-chain';
import { loadConfig } from '../../src/config/load.ts';
import type { ProviderError } from '../../src/core/errors.ts';
import { createOpenAIProvider } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { providerOptions } from '../../src/provider-options.ts';
import { Authority } from '../support/certificates.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { tempFolders } from '../support/temp-folder.ts';
import { type StubUpstream, silent, startStubUpstream } from '../support/upstream/index.ts';

const REQUEST = { messages: [{ role: 'user' as const, content: 'Say hello' }] };
const authority = new Authority();
const shown = authority.issue({
  commonName: 'upstream.test',
  dns: ['upstream.test', 'proxy.test'],
});

const newFolder = tempFolders();
let directory: string;
let stub: StubUpstream;
/** The stub behind TLS. */
let secure: Relay;
let proxy: Server;
let provider: OpenAIProvider | undefined;
/** What the proxy was asked for. */
let asked: { method: string; host: string; isOpen: boolean }[];
/** How it answers; undefined: it passes on. */
let refusal: number | undefined;

/** Knows hosts by names that nobody else does, and wants credentials if `user` is set. */
async function startProxy(user?: string): Promise<Server> {
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: ({ request, hostname, isHttp, username, password }) => {
      asked.push({ method: isHttp ? 'forward' : 'CONNECT', host: hostname, isOpen: true });
      if (refusal !== undefined) request.socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      const isOpen = user === undefined || `${username}:${password}` === user;
      return {
        requestAuthentication: !isOpen,
        dnsLookup: ((
          _name: string,
          options: { all?: boolean },
          done: (...found: unknown[]) => void,
        ) =>
          options.all
            ? done(null, [{ address: '127.0.0.1', family: 4 }])
            : done(null, '127.0.0.1', 4)) as never,
      };
    },
  });
  await server.listen();
  return server;
}

beforeAll(() => {
  directory = newFolder();
  writeFileSync(join(directory, 'ca.pem'), authority.cert);
});

beforeEach(async () => {
  asked = [];
  refusal = undefined;
  stub = await startStubUpstream();
  secure = await startRelay(stub.port, shown);
  proxy = await startProxy();
});

afterEach(async () => {
  await provider?.dispose();
  provider = undefined;
  await proxy.close(true);
  await secure.close();
  await stub.close();
});

const secureUrl = () => `https://upstream.test:${secure.port}/v1`;
const plainUrl = () => `http://upstream.test:${stub.port}/v1`;

/** The provider as this configuration and environment make it. */
function open(baseUrl: string, environment: object = {}, yaml = ''): OpenAIProvider {
  const file = join(directory, 'config.yaml');
  writeFileSync(
    file,
    `baseUrl: ${baseUrl}\ninsecureBaseUrl: true\nretryPolicy: {maxAttempts: 1}\n${yaml}`,
  );
  const config = loadConfig({
    environment: { OPENAI_API_KEY: 'k', ...environment },
    configPath: file,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  provider = createOpenAIProvider(providerOptions(config, '1.2.3'));
  return provider;
}

const answered = async (one: OpenAIProvider) => (await one.sendMessageSync(REQUEST)).attempts;
const caFile = () => `caFile: ${join(directory, 'ca.pem')}`;
/** What stands behind `Basic`. */
const decoded = (authorization: string) =>
  Buffer.from(authorization.split(' ')[1] ?? '', 'base64').toString();
const proxyUrl = (user = '') => `http://${user}127.0.0.1:${proxy.port}`;

describe('an upstream behind a proxy', () => {
  it('is reached through a tunnel, with certificates beside the default roots', async () => {
    const one = open(secureUrl(), { HTTPS_PROXY: proxyUrl() }, caFile());
    expect(await answered(one)).toBe(1);
    await one.getModels();
    expect(asked[0]).toMatchObject({ method: 'CONNECT', host: 'upstream.test' });
    expect(stub.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('is not trusted without them', async () => {
    const one = open(secureUrl(), {}, `proxy: ${proxyUrl()}`);
    await expect(one.sendMessageSync(REQUEST)).rejects.toMatchObject({
      message:
        "The upstream's TLS certificate is of no CA that is trusted here: caFile names others.",
    });
  });

  it('is reached over plain HTTP by its whole URL', async () => {
    const one = open(plainUrl(), { HTTP_PROXY: proxyUrl() });
    expect(await answered(one)).toBe(1);
    expect(await answered(one)).toBe(1);
    expect(asked[0]).toMatchObject({ method: 'forward', host: 'upstream.test' });
    expect(stub.requests[0]?.headers.host).toBe(`upstream.test:${stub.port}`);
  });

  it.each([
    ['https', secureUrl],
    ['http', plainUrl],
  ])('is reached over %s through one that is spoken to over TLS', async (_scheme, baseUrl) => {
    const behindTls = await startRelay(
      proxy.port,
      authority.issue({ commonName: 'proxy', ips: ['127.0.0.1'] }),
    );
    const one = open(baseUrl(), {}, `proxy: https://127.0.0.1:${behindTls.port}\n${caFile()}`);
    expect(await answered(one)).toBe(1);
    expect(asked.map(({ host }) => host)).toEqual(['upstream.test']);
    await behindTls.close();
  });

  it('is not reached through it where NO_PROXY names it', async () => {
    const one = open(plainUrl(), { HTTP_PROXY: proxyUrl(), NO_PROXY: 'upstream.test' });
    await expect(one.sendMessageSync(REQUEST)).rejects.toMatchObject({
      message: expect.stringContaining('DNS'),
    });
    const local = open(stub.url, { HTTP_PROXY: proxyUrl() }, `proxy: ${proxyUrl()}`);
    expect(await answered(local)).toBe(1);
    expect(asked).toEqual([]);
  });

  it('shows the proxy its credentials, and them to nobody else', async () => {
    await proxy.close(true);
    proxy = await startProxy('us:er:p@ss');
    const refused = open(secureUrl(), { HTTPS_PROXY: proxyUrl() }, caFile());
    await expect(refused.sendMessageSync(REQUEST)).rejects.toMatchObject({
      reason: 'NETWORK_ERROR',
      message: expect.stringContaining('407'),
    });
    await refused.dispose();
    const environment = {
      HTTPS_PROXY: proxyUrl('us%3Aer:p%40ss@'),
      HTTP_PROXY: proxyUrl('us%3Aer:p%40ss@'),
    };
    expect(await answered(open(secureUrl(), environment, caFile()))).toBe(1);
    await provider?.dispose();
    expect(await answered(open(plainUrl(), environment))).toBe(1);
    for (const { headers } of stub.requests) {
      expect(headers).not.toHaveProperty('proxy-authorization');
    }
  });

  it.each(['us%3Aer:p%40ssword@', 'token-of-it@'])(
    'tells nobody its credentials, which the proxy says again: %s',
    async (user) => {
      let said = '';
      const echo = createServer((socket) => {
        socket.once('data', (request) => {
          said = /proxy-authorization: (\S+ \S+)/i.exec(String(request))?.[1] ?? '';
          const body = JSON.stringify({ error: { message: `I know no ${said} ${decoded(said)}` } });
          socket.end(`HTTP/1.1 403 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        });
      });
      echo.listen(0, '127.0.0.1');
      await once(echo, 'listening');
      const { port } = echo.address() as AddressInfo;
      const one = open(plainUrl(), { HTTP_PROXY: `http://${user}127.0.0.1:${port}` });
      const failure = await one.sendMessageSync(REQUEST).catch((error: unknown) => error);
      echo.close();
      const { upstreamMessage } = (failure as ProviderError).facts;
      expect(upstreamMessage).toMatch(/^I know no Basic \[redacted\] /);
      expect(upstreamMessage).not.toMatch(/p@ssword|token-of-it/);
      expect(said).not.toBe('');
    },
  );

  it.each([403, 502])('fails with what the proxy says: %i', async (status) => {
    refusal = status;
    const one = open(secureUrl(), { HTTPS_PROXY: proxyUrl() }, caFile());
    await expect(one.sendMessageSync(REQUEST)).rejects.toMatchObject({
      reason: 'NETWORK_ERROR',
      message: expect.stringContaining(String(status)),
    });
  });

  it('is given up with the call, and after the connect time-out, while the tunnel is made', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket.on('error', () => {}).resume()));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const way = `${caFile()}\nproxy: http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const patient = open(secureUrl(), {}, way);
    const controller = new AbortController();
    const call = patient.sendMessageSync(REQUEST, { signal: controller.signal });
    while ((sockets[0]?.bytesRead ?? 0) === 0) await new Promise(setImmediate);
    controller.abort();
    await expect(call).rejects.toMatchObject({ reason: 'CANCELLED' });
    while (sockets[0]?.destroyed !== true) await new Promise(setImmediate);
    await patient.dispose();
    const quick = open(secureUrl(), {}, `${way}\ntimeouts: {connect: 50ms}`);
    await expect(quick.sendMessageSync(REQUEST)).rejects.toMatchObject({
      reason: 'TIMEOUT',
      facts: { timeoutPhase: 'connect' },
    });
    while (sockets[1]?.destroyed !== true) await new Promise(setImmediate);
    mute.close();
  });

  it('breaks its tunnel when a call is cancelled in the middle of its answer', async () => {
    stub.setDefault(silent());
    const one = open(secureUrl(), { HTTPS_PROXY: proxyUrl() }, caFile());
    const controller = new AbortController();
    const call = one.sendMessageSync(REQUEST, { signal: controller.signal });
    const request = await stub.waitForRequest(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ reason: 'CANCELLED' });
    await request.closed;
    expect(request.closedBy).toBe('client');
  });
});
