import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listenerOf } from '../../src/cli/connection/listener.ts';
import { Authority } from '../support/certificates.ts';
import { holdClosedPort } from '../support/closed-port.ts';
import { readFrom } from '../support/config.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { filesIn, tempFolder } from '../support/temp-folder.ts';
import { httpError } from '../support/upstream/index.ts';

const directory = tempFolder();
const file = filesIn(directory);

let running: RunningApp;
/** Of a caller that may do everything but administer. */
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  const authority = new Authority();
  const { cert, key } = authority.issue({ commonName: 'sidecar', ips: ['127.0.0.1'] });
  const [certFile, keyFile] = [file('tls.crt', cert), file('tls.key', key)];
  const tokenFile = file('token', 'of-the-caller-0123456789\n');
  const yaml = `
    defaultModel: gpt-4o-mini
    retryPolicy: { maxAttempts: 1 }
    listen: [{ address: '127.0.0.1:0', tls: { certFile: ${certFile}, keyFile: ${keyFile} } }]
    callers: [{ name: shop, tokenFile: ${tokenFile}, rights: [messages, usage] }]
    admin: { tokenFile: ${file('admin-token', ADMIN_TOKENS)} }
  `;
  running = await startApp(yaml, { TAMMA_LISTEN: '' });
  environment = {
    TAMMA_ADDRESS: running.addresses[0] ?? '',
    TAMMA_CA: file('roots.pem', authority.cert),
    TAMMA_TOKEN: 'of-the-caller-0123456789',
    TAMMA_ADMIN_ADDRESS: running.app.adminAddress,
    TAMMA_ADMIN_TOKEN: 'of-the-operator-0123456789',
  };
});
afterAll(async () => {
  await running.stop();
});

/** The first as its digest alone. */
const ADMIN_TOKENS = `# of operators
sha256:${'0'.repeat(64)}
of-the-operator-0123456789
`;

const run = (line: string, variables: object = {}) =>
  runCommand(line.split(' '), { environment: { ...environment, ...variables } });

describe('a sidecar with TLS and callers', () => {
  it('is reached with its authority and a token, by variables or by options', async () => {
    expect(await run('status')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^ready/),
    });
    const { TAMMA_ADDRESS, TAMMA_CA } = environment;
    const tokenFile = join(directory, 'token');
    const line = `status --address ${TAMMA_ADDRESS} --ca ${TAMMA_CA} --token-file ${tokenFile}`;
    expect(await runCommand(line.split(' '))).toMatchObject({ exitCode: 0, err: '' });
  });

  it('refuses whom it does not know, and what a caller may not do, with 5', async () => {
    const unknown = await run('status', { TAMMA_TOKEN: 'of-nobody' });
    expect(unknown.exitCode).toBe(5);
    expect(unknown.err).toMatch(/^status: CALLER_UNAUTHENTICATED: /);
    const forbidden = await run('reload');
    expect(forbidden.exitCode).toBe(5);
    expect(forbidden.err).toMatch(/^reload: PERMISSION_DENIED: /);
  });

  it.each(['--cert', '--key'])('is not asked with %s alone', async (option) => {
    expect(await run(`probe ${option} a.pem`)).toEqual({
      exitCode: 2,
      out: '',
      err: 'probe: a certificate and its key belong together: --cert and --key\n',
    });
  });

  it('is not asked with a file that has digests alone', async () => {
    const digests = file('digests', `# of callers\nsha256:${'0'.repeat(64)}\n`);
    expect(await run(`probe --token-file ${digests}`)).toEqual({
      exitCode: 2,
      out: '',
      err: `probe: ${digests} holds no token: of a digest none can be made\n`,
    });
  });

  it('is not told a token without TLS', async () => {
    const address = 'example.com:50051';
    const { exitCode, err } = await runCommand(['status', '--address', address, '--token', 'x']);
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: `status: A token for ${address} needs TLS, or anybody on the way can read it.\n`,
    });
  });

  it('is reached neither with a file that is not there nor with the wrong authority', async () => {
    const gone = await run('status', { TAMMA_CA: '/gone' });
    expect(gone).toMatchObject({ exitCode: 2, err: expect.stringContaining('/gone') });
    const stranger = file('stranger.pem', new Authority('Stranger').cert);
    const line = `probe --ca ${stranger}`;
    expect(await run(line)).toMatchObject({
      exitCode: 4,
      err: expect.stringContaining('certificate'),
    });
  });
});

describe('a call that fails', () => {
  it('ends with 7 if it may succeed later, and says what the upstream said', async () => {
    running.stub.enqueue(httpError(429, { message: 'slow down' }));
    const { exitCode, out, err } = await run('ask hi');
    expect({ exitCode, out }).toEqual({ exitCode: 7, out: '' });
    expect(err).toMatch(/^ask: RATE_LIMIT_EXCEEDED: .*\n {2}.*\n {2}id of the call: \S+\n$/s);
  });

  it('ends with 2 and the field if the request is wrong', async () => {
    const { exitCode, err } = await run('ask --model gpt-4o-mini --effort high hi');
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^ask: UNSUPPORTED_PARAMETER: .*\n {2}request\.reasoning_effort: /);
  });

  it('ends with 6 if there is no such model', async () => {
    expect(await run('models gpt-4o-minus')).toEqual({
      exitCode: 6,
      out: '',
      err: "models: there is no model 'gpt-4o-minus', perhaps gpt-4o-mini is meant\n",
    });
  });

  it('ends with 4 if nobody listens, and names the address', async () => {
    const { port, release } = await holdClosedPort();
    const address = `127.0.0.1:${port}`;
    for (const [line, name] of [
      [`probe --address ${address}`, 'probe'],
      [`call --address ${address} id`, 'call'],
    ] as const) {
      const { exitCode, err } = await run(line, { TAMMA_CA: '', TAMMA_TOKEN: '' });
      expect(exitCode).toBe(4);
      expect(err).toBe(
        `${name}: no sidecar answers at ${address}: connect ECONNREFUSED ${address}; --address says where it is\n`,
      );
    }
    await release();
  });

  it.each([
    'http://127.0.0.1:50051',
    '127.0.0.1',
    ':50051',
    '50051',
    '127.0.0.1:99999',
    '/run/tamma.sock',
    '::1:50051',
  ])('ends with 2 if %s is to be its address', async (address) => {
    const environment = { TAMMA_LISTEN: address };
    for (const [argv, example] of [
      [['probe', '--address', address], '127.0.0.1:50051'],
      [['call', '--address', address, 'id'], '127.0.0.1:9464'],
      [['status'], '127.0.0.1:50051'],
    ] as const) {
      expect(await runCommand(argv, { environment })).toEqual({
        exitCode: 2,
        out: '',
        err: `${argv[0]}: ${address} is no address of a sidecar: it must be host:port or unix:/path, such as ${example}; --address says where it is\n`,
      });
    }
  });

  it.each(['localhost.:', '[::1]:', 'dns:///localhost:', 'ipv4:127.0.0.1:'])(
    'ends with 4 if nobody listens at %s and its port',
    async (host) => {
      const { port, release } = await holdClosedPort();
      const argv = ['probe', '--address', `${host}${port}`];
      expect(await runCommand(argv)).toMatchObject({ exitCode: 4 });
      await release();
    },
  );

  it('is a google.rpc.Status in a line of standard error with --json', async () => {
    running.stub.enqueue(httpError(503));
    const { exitCode, err } = await run('ask --json hi');
    expect(exitCode).toBe(7);
    expect(JSON.parse(err)).toMatchObject({
      code: 14,
      details: expect.arrayContaining([
        expect.objectContaining({
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'SERVICE_UNAVAILABLE',
        }),
      ]),
    });
  });
});

describe('call', () => {
  it('explains a call to whoever has the token of the admin listener', async () => {
    await run('ask Say hello');
    const { call_id: id } = await running.log.ofCall('SendMessage');
    const { exitCode, out } = await run(`call ${id}`);
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^${id} .*SendMessage`));
    const asJson = await run(`call ${id} --json`);
    expect(JSON.parse(asJson.out)).toMatchObject({ call_id: id });
    expect(await run(`call ${id}`, { TAMMA_ADMIN_TOKEN: 'wrong' })).toMatchObject({ exitCode: 5 });
    expect(await run('call unknown')).toMatchObject({ exitCode: 6, out: '' });
  });

  it('finds the token where the configuration has it', async () => {
    const { TAMMA_ADMIN_ADDRESS } = environment;
    const yaml = `admin: { tokenFile: ${join(directory, 'admin-token')} }`;
    const { exitCode } = await runCommand(['call', 'unknown', '--config', 'a.yaml'], {
      environment: { TAMMA_ADMIN_ADDRESS },
      readFile: readFrom({ 'a.yaml': yaml }),
    });
    expect(exitCode).toBe(6);
  });
});

describe('where a sidecar is looked for', () => {
  const whereIn = (variables: Readonly<Record<string, string>>, yaml?: string) => {
    const cli = { environment: variables, readFile: readFrom({ 'a.yaml': yaml ?? '' }) };
    return listenerOf('listen', yaml === undefined ? undefined : 'a.yaml', cli);
  };

  it.each([
    ['by default', {}, undefined, '127.0.0.1:50051', false],
    ['by the file', {}, 'listen: 127.0.0.1:4000', '127.0.0.1:4000', false],
    ['by the variable', { TAMMA_LISTEN: 'unix:/s' }, 'listen: 127.0.0.1:4000', 'unix:/s', false],
    [
      'the first of several',
      { TAMMA_LISTEN: '127.0.0.1:1, unix:/s' },
      undefined,
      '127.0.0.1:1',
      false,
    ],
    [
      'the first without TLS',
      {},
      "listen: [{ address: '0.0.0.0:1', tls: {} }, 'unix:/s']",
      'unix:/s',
      false,
    ],
    [
      'over TLS if there is no other',
      {},
      "listen: [{ address: '0.0.0.0:1', tls: {} }]",
      '127.0.0.1:1',
      true,
    ],
    ['on all addresses', {}, "listen: [{ address: '[::]:1', insecure: true }]", '[::1]:1', false],
  ])('%s', (_, variables, yaml, address, tls) => {
    expect(whereIn(variables, yaml)).toEqual({ address, tls });
  });

  it('is not guessed', () => {
    expect(() => whereIn({ TAMMA_LISTEN: '127.0.0.1:0' })).toThrow('give --address');
    expect(() => whereIn({}, 'listen: 7')).toThrow('give --address');
    expect(() => whereIn({}, '{')).toThrow('a.yaml: line 1');
  });
});
