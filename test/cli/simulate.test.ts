import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startStubUpstream } from '../support/upstream/index.ts';
import { contentOf, postChat, readAll, send } from '../support-tests/post-chat.ts';

const directory = tempFolder();

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const files = { readFile: (path: string | URL) => readFileSync(path, 'utf8') };
const simulate = (...argv: string[]) => runCommand(['simulate', ...argv], files);

/** Runs it while `use` asks what it listens at. */
async function during(argv: readonly string[], use: (url: string) => Promise<void>) {
  const host = new FakeHost();
  const running = runCommand(['simulate', '--listen', '127.0.0.1:0', ...argv], files, host);
  let over = false;
  void running.then(() => {
    over = true;
  });
  while (!host.out.includes('\n') && !over) await new Promise((resolve) => setImmediate(resolve));
  if (over) return running;
  await use(/http:[^"\s]+/.exec(host.out)?.[0] ?? '');
  host.emit('SIGTERM', 'SIGTERM');
  return running;
}

const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], stream: true };

describe('simulate', () => {
  it('answers as the script says, and tells what answered', async () => {
    const script = file('script.yaml', 'rules: [{when: {message: Hi}, reply: Scripted.}]');
    const { exitCode, out, err } = await during([script], async (url) => {
      expect(contentOf((await postChat(url, body)).text)).toBe('Scripted.');
    });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\/v1\n$/);
    expect(err).toBe('POST /v1/chat/completions gpt-4o: rules[0]\n');
  });

  it('tells programs the same in JSON Lines', async () => {
    const { out, err } = await during(['--json'], async (url) => void (await postChat(url, body)));
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { listening: expect.stringMatching(/^http:/) },
      { method: 'POST', path: '/v1/chat/completions', model: 'gpt-4o', answeredBy: 'greeting' },
    ]);
    expect(err).toBe('');
  });

  it.each(['null', '{"model": {"toString": 1}}'])(
    'tells of a body without a model: %s',
    async (body) => {
      const { exitCode, err } = await during([], async (url) => {
        await readAll(await send('POST', `${url}/chat/completions`, body));
      });
      expect(exitCode).toBe(0);
      expect(err).toMatch(/^POST \/v1\/chat\/completions: strict: /);
    },
  );

  it('records, and replays', async () => {
    const stub = await startStubUpstream();
    const recording = join(directory, 'session.jsonl');
    const ask = async (url: string) =>
      expect(contentOf((await postChat(url, body)).text)).toBe('Hello from the stub.');
    const recorded = await during(['--record', recording, '--upstream', stub.url], ask);
    await stub.close();
    expect(recorded).toMatchObject({ exitCode: 0, err: expect.stringContaining(': recorded\n') });
    expect(statSync(recording).mode & 0o777).toBe(0o600);
    expect(readFileSync(recording, 'utf8').trim().split('\n')).toHaveLength(1);
    const replayed = await during(['--replay', recording, '--speed', '2'], ask);
    expect(replayed).toMatchObject({ exitCode: 0, err: expect.stringContaining(': line 1\n') });
    expect(await simulate('--record', recording)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('EEXIST'),
    });
  });

  it('says every problem of a script, and only that', async () => {
    const script = file('wrong.yaml', 'sead: 1\nrules: [{fault: cutt}]');
    const { exitCode, out, err } = await simulate(script, '--check');
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(`simulate: ${script}: sead: unknown key; did you mean seed?\n`);
    expect(err).toContain(`simulate: ${script}: rules[0].fault: must be `);
    expect(await simulate(file('right.yaml', 'seed: 1'), '--check')).toEqual({
      exitCode: 0,
      out: '',
      err: '',
    });
  });

  it.each([
    [['--listen', 'here'], 'host:port'],
    [['--speed', '0'], 'above 0'],
    [['--speed', 'max'], '--speed needs --replay'],
    [['--upstream', 'http://127.0.0.1:1/v1'], '--upstream needs --record'],
    [['--upstream', 'nowhere'], 'http or https'],
    [['--upstream', 'ftp://a'], 'http or https'],
    [['a.yaml', '--replay', 'b'], 'script and --replay exclude each other'],
    [['--record', 'a', '--replay', 'b'], '--record and --replay exclude each other'],
    [['no-such.yaml'], 'the file cannot be read (ENOENT)'],
    [['--replay', 'no-such.jsonl'], 'the file cannot be read (ENOENT)'],
    [['--record', join(directory, 'no', 'such')], 'the file cannot be made (ENOENT)'],
    [['--replay', file('wrong.jsonl', '{}')], 'line 1: request'],
  ])('%j is refused', async (argv, problem) => {
    const { exitCode, err } = await simulate(...argv);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(problem)]);
  });

  it('fails where somebody else listens', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { readonly port: number };
    const { exitCode, err } = await simulate('--listen', `127.0.0.1:${port}`);
    other.close();
    expect([exitCode, err]).toEqual([1, 'simulate: it cannot listen (EADDRINUSE)\n']);
  });
});
