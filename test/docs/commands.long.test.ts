import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/client/connect.ts';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { listeningAddress } from '../support/listening-address.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { rowOf } from './command-list.ts';
import { documentedCommands } from './documented-commands.ts';

const directory = mkdtempSync(join(tmpdir(), 'documented-'));
const started: ChildProcess[] = [];
const mine = documentedCommands().filter(({ page, command }) =>
  rowOf(page, command)?.runBy?.endsWith('commands.long.test.ts'),
);
const on = (page: string, word = '') =>
  mine
    .filter((one) => one.page === page && one.command.includes(word))
    .map(({ command }) => command);

let upstream: StubUpstream;
let environment: Record<string, string>;
/** Where the sidecar of the README listens, and its admin port. */
let [address, admin, callId] = ['', '', ''];

beforeAll(async () => {
  upstream = await startStubUpstream();
  const program = join(directory, 'tamma-provider-openai');
  writeFileSync(program, `#!/bin/sh\nexec node ${resolve('src/main.ts')} "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(directory, 'answers.yaml'), readFileSync('examples/testing/answers.yaml'));
  environment = {
    PATH: `${directory}:${resolve('node_modules/.bin')}:${process.env.PATH}`,
    HOME: directory,
    no_proxy: '127.0.0.1',
    OPENAI_BASE_URL: upstream.url,
    TAMMA_LISTEN: '127.0.0.1:0',
    TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
    TAMMA_DATA_DIR: join(directory, 'ledger'),
  };
  const [start = ''] = on('README.md', 'npm start');
  const sidecar = begin(start.replace('sk-…', 'sk-any'), { cwd: '.' });
  const admins = Promise.withResolvers<string>();
  let log = '';
  sidecar.stderr?.on('data', (text) => {
    log += text;
    const [, found] = /"admin":"([^"]+)"/.exec(log) ?? [];
    if (found !== undefined) admins.resolve(found);
  });
  address = await listeningAddress(sidecar);
  admin = await admins.promise;
  const client = connect(address);
  const messages = [{ role: Role.USER, content: 'Say hello' }];
  const metadata = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  await client.sendMessageSync({ request: { messages } }, { metadata });
  client.close();
  callId = 'a'.repeat(32);
});

afterAll(async () => {
  for (const child of started) await end(child);
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs what goes on until it is ended. */
function begin(command: string, { cwd = directory, more = {} } = {}): ChildProcess {
  const child = spawn('bash', ['-c', command], {
    cwd,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group, for npm has children.
    detached: true,
  });
  started.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  await ended;
}

/** Runs a command as it stands, at the ports and paths of this test, and answers what it prints. */
async function run(command: string, cwd = directory): Promise<string> {
  const here = command
    .replaceAll('127.0.0.1:9464', admin)
    .replaceAll('127.0.0.1:50051', address)
    .replace(/CALL_ID|4bf92f3577b34da6a3ce929d0e0e4736/, callId)
    .replace(/\/var\/lib\/tamma(\/ledger)?/, join(directory, 'ledger'));
  const options = { cwd, env: environment, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here], options);
  return stdout;
}

const isThere = (program: string) => spawnSync('which', [program]).status === 0;

it('README.md starts a sidecar that listens', () => {
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
});

it('README.md has a client that prints the answer, and what it took', async () => {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
  const here = code
    .replace('@tamma/provider-openai/client', resolve('src/client/index.ts'))
    .replace('127.0.0.1:50051', address);
  const file = join(directory, 'client.ts');
  writeFileSync(file, here);
  const printed = await run(`node ${file}`, '.');
  expect(printed).toContain('Hello from the stub.');
  expect(printed).toMatch(/inputTokens: [1-9]/);
});

it('docs/clients/typescript.md has a provider in process that does the same', async () => {
  const page = readFileSync('docs/clients/typescript.md', 'utf8');
  const [, code = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const here = code
    .replace('@tamma/provider-openai', resolve('src/index.ts'))
    .replace('https://api.openai.com/v1', upstream.url);
  const file = join(directory, 'in-process.ts');
  writeFileSync(file, here);
  const printed = await run(`OPENAI_API_KEY=sk-any node ${file}`, '.');
  expect(printed).toContain('Hello from the stub.');
  expect(printed).toMatch(/inputTokens: [1-9]/);
});

describe('docs/operations.md', () => {
  it.each(on('docs/operations.md', 'curl'))('%s', async (command) => {
    const answer = await run(command);
    expect(answer).toContain(command.includes('/metrics') ? 'tamma_provider_' : '"');
    expect(answer).not.toContain('not found');
  });

  it.each(on('docs/operations.md', 'npm'))('%s', async (command) => {
    const records = (await run(command, '.'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toContainEqual(expect.objectContaining({ trace_id: callId }));
  });

  const promtool = on('docs/operations.md', 'promtool');
  const [test, why] = isThere('promtool')
    ? [it, '']
    : [it.skip, ' (left out: there is no promtool on the PATH)'];
  test.each(promtool)(`%s${why}`, async (command) => {
    expect(await run(command, '.')).toContain('SUCCESS');
  });
});

describe('docs/ledger.md', () => {
  // Without jq, which is an example of a reader, the part before it.
  const commands = on('docs/ledger.md').map((command) =>
    isThere('jq') ? command : command.replace(/ \| jq .*$/, ''),
  );
  it.each(commands)('%s', async (command) => {
    const cwd = command.startsWith('npm') ? '.' : directory;
    const from = command.replace(/--until \S+ /, '');
    await run(from, cwd);
    const [, file] = /> (\S+)$/.exec(command) ?? [];
    if (file !== undefined) expect(readFileSync(join(directory, file), 'utf8')).toContain(callId);
  });
});

describe('docs/selection.md', () => {
  it.each(on('docs/selection.md'))('%s', async (command) => {
    expect(await run(command, '.')).toMatch(/^\d\.\d\d {2}default\/\S+ /m);
  });
});

describe('docs/testing.md', () => {
  it('starts a simulator, and a sidecar with it for its upstream', async () => {
    const [simulate = '', serve = ''] = on('docs/testing.md');
    const simulator = begin(simulate);
    const url = await listeningAddress(simulator);
    const sidecar = begin(serve.replace('http://127.0.0.1:PORT/v1', url), {
      more: { TAMMA_DATA_DIR: join(directory, 'other') },
    });
    const client = connect(await listeningAddress(sidecar));
    const messages = [{ role: Role.USER, content: 'Say hello' }];
    const { response } = await client.sendMessageSync({ request: { messages } });
    expect(response?.content).not.toBe('');
    client.close();
    await end(sidecar);
    await end(simulator);
  });

  it('records a session, and plays it back', async () => {
    const [, , record = '', replay = ''] = on('docs/testing.md');
    const recorder = begin(`${record} --upstream ${upstream.url} --listen 127.0.0.1:0`);
    const ask = async (url: string) => {
      const sidecar = begin('tamma-provider-openai serve', {
        more: {
          OPENAI_API_KEY: 'sk-any',
          OPENAI_BASE_URL: url,
          TAMMA_DATA_DIR: mkdtempSync(join(directory, 'data-')),
        },
      });
      const client = connect(await listeningAddress(sidecar));
      const messages = [{ role: Role.USER, content: 'Say hello' }];
      const { response } = await client.sendMessageSync({ request: { messages } });
      client.close();
      await end(sidecar);
      return response?.content;
    };
    const recorded = await ask(await listeningAddress(recorder));
    await end(recorder);
    const player = begin(`${replay} --listen 127.0.0.1:0`);
    expect(await ask(await listeningAddress(player))).toBe(recorded);
  });
});
