import http, { Agent, createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Authority } from '../../support/certificates.ts';
import { runCommand } from '../../support/run-command.ts';
import { filesIn, tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();
const file = filesIn(directory);

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listen(own: Server, at: string | number = 0): Promise<string> {
  server = own;
  await new Promise<void>((resolve) => {
    if (typeof at === 'string') own.listen(at, resolve);
    else own.listen(at, '127.0.0.1', resolve);
  });
  const address = own.address();
  return typeof address === 'string' ? `unix:${address}` : `127.0.0.1:${address?.port}`;
}

const answering =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

const call = (address: string, line = '', variables: Readonly<Record<string, string>> = {}) =>
  runCommand(['call', 'id', '--address', address, ...line.split(' ').filter(Boolean)], {
    environment: variables,
  });

const FAILED = {
  call_id: 'id',
  trace_id: 'trace',
  method: 'SendMessage',
  arrived: '2026-11-28T19:30:00.000Z',
  duration_ms: 1_234,
  outcome: 'INVALID_REQUEST',
  queued_ms: 1,
  backoff_ms: 2,
  attempts: [],
  charges: [],
};

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(2 ** 20, 'x');
}

/** Facts as they are printed, and the cells of the table. */
const shown = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}|: +/));

describe('call', () => {
  it('asks no proxy of the environment', async () => {
    const address = await listen(createServer(answering(200, FAILED)));
    const own = http.globalAgent;
    http.globalAgent = new Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:9' } });
    const { exitCode } = await call(address);
    http.globalAgent = own;
    expect(exitCode).toBe(0);
  });

  it('tells of a call that made no attempt what is known', async () => {
    const address = await listen(
      createServer(answering(200, { ...FAILED, fields: ['model', 'messages'], budget: 'users' })),
    );
    const { exitCode, out } = await call(address);
    expect(exitCode).toBe(0);
    expect(shown(out)).toEqual([
      ['id SendMessage INVALID_REQUEST'],
      ['trace', 'trace'],
      ['arrived', '2026-11-28T19:30:00.000Z'],
      ['fields', 'model, messages'],
      ['budget', 'users'],
      ['took', '1,234 ms'],
      ['waited', '1 ms in queues, 2 ms after failures'],
    ]);
  });

  it('tells every attempt, and every call that has the id', async () => {
    const attempt = {
      attempt: 1,
      target: 'default',
      model: 'gpt-4o',
      outcome: 'failed',
      waited_in_queue_ms: 0,
      waited_after_failure_ms: 0,
      began_ms: 3,
      ended_ms: 5,
      upstream_status: 503,
    };
    const { upstream_status: _, ...last } = { ...attempt, attempt: 2, first_output_ms: 4 };
    const completed = {
      ...FAILED,
      outcome: 'completed',
      target: 'default',
      model: 'gpt-4o',
      input_tokens: 1_000,
      cost_usd: '0.5',
      attempts: [attempt, last],
    };
    const calls = [completed, { ...FAILED, call_id: 'other', output_tokens: 3, input_tokens: 0 }];
    const address = await listen(createServer(answering(200, { calls })));
    const lines = shown((await call(address)).out);
    expect(lines).toEqual(
      expect.arrayContaining([
        ['id SendMessage completed'],
        ['answered by', 'default/gpt-4o'],
        ['tokens', '1,000 in, 0 out'],
        ['cost', '$0.5'],
        ['1', 'default', 'gpt-4o', 'failed', '0 ms', '0 ms', '3 ms', '5 ms', '503'],
        ['2', 'default', 'gpt-4o', 'failed', '0 ms', '0 ms', '3 ms', '4 ms', '5 ms'],
        ['other SendMessage INVALID_REQUEST'],
        ['tokens', '0 in, 3 out'],
      ]),
    );
    expect(JSON.parse((await call(address, '--json')).out)).toEqual({ calls });
  });

  it.each([
    [404, 6, 'call: no such call\n'],
    [500, 1, 'call: HTTP 500: no such call\n'],
    [401, 5, /^call: 127\.0\.0\.1:\d+: no such call\n$/],
    [421, 5, /^call: 127\.0\.0\.1:\d+: no such call\n$/],
  ])('that is answered with %d ends with %d', async (status, exitCode, err) => {
    const address = await listen(createServer(answering(status, 'no such call\n')));
    const outcome = await call(address);
    expect(outcome).toMatchObject({ exitCode, out: '' });
    expect(outcome.err).toMatch(err);
  });

  it.each([
    ['a page', '<html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['something', '{}'],
    ['a list', '[1]'],
    ['calls that are none', { calls: [null] }],
    ['attempts that are none', { ...FAILED, attempts: 'abc' }],
  ])('that is answered with %s was not asked of a sidecar', async (_what, body) => {
    const address = await listen(createServer(answering(200, body)));
    expect(await call(address)).toEqual({
      exitCode: 4,
      out: '',
      err: `call: no sidecar answers at ${address}: something else does; --address says where it is\n`,
    });
  });

  it.each<[string, string, RequestListener]>([
    [
      'in another protocol',
      'it answers with another protocol',
      (_, response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'h2c' }).end(),
    ],
    [
      'without an end',
      'it answers with more than 67108864 bytes',
      (_, response) => Readable.from(endless()).pipe(response),
    ],
  ])('that is answered %s ends', async (_how, why, listener) => {
    const address = await listen(createServer(listener));
    expect(await call(address)).toEqual({
      exitCode: 4,
      out: '',
      err: `call: no sidecar answers at ${address}: ${why}; --address says where it is\n`,
    });
  });

  it('reaches a socket, with the token that is given or none', async () => {
    const seen: unknown[] = [];
    const address = await listen(
      createServer((request, response) => {
        seen.push([request.url, request.headers.authorization]);
        answering(200, FAILED)(request, response);
      }),
      join(directory, 'admin.sock'),
    );
    expect((await call(address)).exitCode).toBe(0);
    await call(address, '--token of-mine');
    await call(address, '', { TAMMA_ADMIN_TOKEN: 'of-the-environment' });
    const tokenFile = file('token', 'of-the-file and more\n');
    await call(address, '', { TAMMA_ADMIN_TOKEN_FILE: tokenFile });
    expect(seen).toEqual([
      ['/calls/id', undefined],
      ['/calls/id', 'Bearer of-mine'],
      ['/calls/id', 'Bearer of-the-environment'],
      ['/calls/id', 'Bearer of-the-file'],
    ]);
  });

  it('speaks TLS with the files and the name that are given, by options or variables', async () => {
    const authority = new Authority();
    const own = authority.issue({ commonName: 'admin', dns: ['admin.test'] });
    const client = authority.issue({ commonName: 'operator' });
    const secure = createSecureServer(
      { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
      answering(200, FAILED),
    );
    const address = await listen(secure as unknown as Server);
    const [ca, cert, key] = [
      file('ca.pem', authority.cert),
      file('client.pem', client.cert),
      file('client.key', client.key),
    ];
    const name = '--server-name admin.test';
    const known = `--cert ${cert} --key ${key}`;
    expect(await call(address, `--ca ${ca} ${known} ${name}`)).toMatchObject({
      exitCode: 0,
      err: '',
    });
    const variables = { TAMMA_ADMIN_CA: ca, TAMMA_ADMIN_CERT: cert, TAMMA_ADMIN_KEY: key };
    expect(await call(address, name, variables)).toMatchObject({ exitCode: 0, err: '' });
    for (const line of [`--ca ${ca} ${known}`, `${known} ${name}`, `--ca ${ca} ${name}`, '--tls']) {
      const { exitCode, err } = await call(address, line);
      expect({ exitCode, err }).toEqual({
        exitCode: 4,
        err: expect.stringMatching(/^call: no sidecar answers at 127\.0\.0\.1:\d+: \S/),
      });
    }
    expect(await call(address, '--ca /gone')).toMatchObject({
      exitCode: 2,
      err: 'call: /gone cannot be read (ENOENT)\n',
    });
  });

  it('gives up after --timeout, and on an answer that breaks off', async () => {
    const silent = await listen(createServer(() => {}));
    expect(await call(silent, '--timeout 20ms')).toMatchObject({ exitCode: 4, out: '' });
    server?.closeAllConnections();
    server?.close();
    const broken = await listen(
      createServer((_, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('{');
        setImmediate(() => response.destroy());
      }),
    );
    expect(await call(broken)).toMatchObject({
      exitCode: 4,
      out: '',
      err: `call: no sidecar answers at ${broken}: aborted; --address says where it is\n`,
    });
  });

  it.each(['dns:///here:9464', 'ipv4:127.0.0.1:9464'])('is not asked at %s', async (address) => {
    expect(await call(address)).toEqual({
      exitCode: 2,
      out: '',
      err: `call: ${address} is not host:port or unix:/path\n`,
    });
  });
});
