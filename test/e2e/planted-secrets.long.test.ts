import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { startSidecar } from '../attacks/sidecar.ts';
import { create, item } from '../batch/running-batches.ts';
import { Authority } from '../support/certificates.ts';
import { collect, connect, failureOf, statusDetails } from '../support/grpc-client.ts';
import { AUDIENCE, anIssuer, ISSUER } from '../support/issuer.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { aRequest } from '../support/running-app.ts';
import { clientSecurity, TLS_CHANNEL } from '../support/tls.ts';
import { httpError, startStubUpstream } from '../support/upstream/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'planted-'));
/** What ends what was started, the last one first. */
const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const SECRETS = {
  apiKey: 'sk-planted-key-0123456789abcdef',
  otherKey: 'planted-other-key-0123456789',
  token: 'planted-token-0123456789abcdef',
  wrongToken: 'planted-wrong-0123456789abcdef',
  adminToken: 'planted-admin-0123456789abcdef',
  redis: 'planted-redis-0123456789',
  otlp: 'planted-otlp-0123456789',
  proxy: 'planted-proxy-0123456789',
  mcp: 'planted-mcp-0123456789',
  environment: 'planted-environment-0123456789',
};

/** A collector that keeps all it is sent. */
async function startCollector() {
  const bodies = new Map<string, Buffer[]>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url = '' } = request;
    bodies.set(url, [...(bodies.get(url) ?? []), ...chunks]);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  stops.push(
    () => once(server.close(), 'close'),
    () => server.closeAllConnections(),
  );
  return { bodies, url: `http://127.0.0.1:${port}` };
}

function filesBelow(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')] as const);
}

describeWithRedis('secrets of every kind', () => {
  it('are in nothing that leaves the process, or that it keeps', async () => {
    const issuer = await anIssuer();
    const jwts = { right: await issuer.sign(), expired: await issuer.sign({ exp: 1 }) };
    const authority = new Authority();
    const { cert, key } = authority.issue({ commonName: 'sidecar', dns: ['localhost'] });
    const redis = await RedisServer.start('--requirepass', SECRETS.redis, '--dir', directory);
    const collector = await startCollector();
    stops.push(() => redis.stop());
    const stub = await startStubUpstream();
    stops.push(() => stub.close());
    const dataDir = join(directory, 'data');
    const config = write(
      'config.yaml',
      `
defaultModel: gpt-4o-mini
logLevel: trace
keys: [{file: ${write('second', SECRETS.otherKey)}}]
dataDir: ${dataDir}
store: redis
batch: {pollInterval: 10ms}
cache: {enabled: true}
retryPolicy: {maxAttempts: 1}
costManagement: {budgetLimit: 10}
listen: [{address: "127.0.0.1:0", tls: {certFile: ${write('tls.crt', cert)}, keyFile: ${write('tls.key', key)}}}]
admin: {tokenFile: ${write('admin', SECRETS.adminToken)}}
hostedTools: {mcpServers: {tickets: {url: "https://mcp.test/", authorization: {file: ${write('mcp', SECRETS.mcp)}}}}}
callers:
  - {name: shop, tokenFile: ${write('tokens', SECRETS.token)}, rights: [messages, batches, usage, admin]}
  - {name: pod, subject: "system:serviceaccount:shop:*"}
callerJwt: {issuer: "${ISSUER}", audience: ${AUDIENCE}, jwksFile: ${write('jwks', issuer.jwks)}}
`,
    );
    const environment = {
      OPENAI_API_KEY: SECRETS.apiKey,
      OPENAI_BASE_URL: stub.url,
      TAMMA_CONFIG: config,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${SECRETS.otlp}`,
      HTTPS_PROXY: `http://me:${SECRETS.proxy}@127.0.0.1:9`,
      TAMMA_REDIS_URL: redis.url.replace('//', `//:${SECRETS.redis}@`),
      // The configuration says where.
      TAMMA_LISTEN: undefined,
      MY_SERVICE_TOKEN: SECRETS.environment,
    };
    const outputs = new Map<string, string>();
    const shown = execFileSync(process.execPath, ['src/main.ts', 'check-config'], {
      env: { PATH: process.env.PATH, ...environment },
      encoding: 'utf8',
    });
    outputs.set('check-config', shown);
    const sidecar = await startSidecar({ environment, stderr: 'pipe' });
    stops.push(() => sidecar.stop());
    let log = '';
    sidecar.child.stderr?.on('data', (text) => {
      log += String(text);
    });
    const client = connect(sidecar.address, TLS_CHANNEL, clientSecurity(authority));
    const bearer = (token: string) => ({ metadata: { authorization: `Bearer ${token}` } });

    for (const token of [SECRETS.token, jwts.right]) {
      const request = aRequest({
        metadata: { user_id: 'u' },
        idempotencyKey: `once-${token.length}`,
      });
      const { messages, status } = await collect(
        client.provider.stream('SendMessage', request, bearer(token)),
      );
      expect(status.code).toBe(0);
      outputs.set(`answer ${outputs.size}`, JSON.stringify(messages));
    }
    const words = `Your key is ${SECRETS.apiKey}, or ${SECRETS.otherKey}`;
    stub.enqueue(httpError(400, { message: words, code: 'bad' }));
    const errors = [
      await failureOf(client.provider.unary('SendMessageSync', aRequest(), bearer(SECRETS.token))),
    ];
    for (const token of [SECRETS.wrongToken, jwts.expired, `${SECRETS.token} ${SECRETS.token}`]) {
      errors.push(await failureOf(client.provider.unary('GetModels', {}, bearer(token))));
    }
    const told = errors.map((error) => `${error.details} ${JSON.stringify(statusDetails(error))}`);
    outputs.set('errors', told.join('\n'));
    const { metadata } = bearer(SECRETS.token);
    const batch = await create(
      client,
      { execution: 'BATCH_EXECUTION_LOCAL' },
      [item('one')],
      metadata,
    );
    const results = { batchId: batch.id, wait: true };
    await collect(client.batch.stream('StreamBatchResults', results, bearer(SECRETS.token)));
    for (const method of ['GetStatus', 'Initialize', 'ReloadConfig']) {
      const answer = await client.provider.unary(method, {}, bearer(SECRETS.token));
      outputs.set(method, JSON.stringify(answer));
    }

    // Its last spans and metrics are sent while it ends.
    await redis.commandWith(SECRETS.redis, 'config', 'set', 'rdbcompression', 'no');
    await redis.commandWith(SECRETS.redis, 'save');
    outputs.set('redis', readFileSync(join(directory, 'dump.rdb'), 'latin1'));
    client.close();
    sidecar.child.kill('SIGTERM');
    expect(await sidecar.gone).toBe(0);
    outputs.set('log', log);
    for (const [path, body] of collector.bodies)
      outputs.set(path, Buffer.concat(body).toString('latin1'));
    for (const [path, content] of filesBelow(dataDir)) outputs.set(path, content);
    for (const [index, { body }] of stub.requests.entries()) {
      outputs.set(`request ${index}`, JSON.stringify(body));
    }

    // What is looked through has what it should have.
    expect(outputs.get('/v1/traces')).toContain('SendMessage');
    expect(outputs.get('/v1/metrics')).toContain('tamma.provider.attempts');
    expect(outputs.get('redis')).toContain('tamma');
    expect(outputs.get('log')).toContain('"level":"debug"');
    expect([...outputs.keys()].filter((name) => name.startsWith(dataDir)).length).toBeGreaterThan(
      1,
    );
    const [, keyLine = ''] = key.split('\n');
    const secrets = { ...SECRETS, ...jwts, privateKey: keyLine };
    const found = Object.entries(secrets).flatMap(([what, secret]) =>
      [...outputs]
        .filter(([, text]) => text.includes(secret))
        .map(([where]) => `${what} in ${where}`),
    );
    expect(found).toEqual([]);
  });
});
