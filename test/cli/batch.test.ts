import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolder } from '../support/temp-folder.ts';

const directory = tempFolder();
const item = (customId: string, fields: object = {}) =>
  JSON.stringify({
    customId,
    request: { messages: [{ role: 'ROLE_USER', content: 'Hi' }], ...fields },
  });

let running: RunningApp;
beforeAll(async () => {
  running = await startApp(
    `{defaultModel: gpt-4o-mini, dataDir: '${directory}', batch: {pollInterval: 10ms}}`,
  );
});
afterAll(async () => {
  await running.stop();
});

function batch(argv: readonly string[], input: readonly (string | Buffer)[] = []) {
  const host = new FakeHost();
  const lines = input.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]);
  host.stdin = Readable.from(lines, { objectMode: false });
  const environment = { TAMMA_ADDRESS: running.addresses[0] ?? '' };
  return runCommand(['batch', ...argv], { environment }, host);
}

const linesIn = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('batch', () => {
  it('takes items, writes their results, and says how far it is', async () => {
    const created = await batch(
      ['create', '-', '--execution', 'local', '--name', 'first', '--metadata', 'user_id=ada'],
      [item('a'), '', item('b', { max_tokens: 9 })],
    );
    expect(created).toMatchObject({ exitCode: 0, err: '2 items, queued\n' });
    const id = created.out.trim();

    const { exitCode, out } = await batch(['results', id, '--wait']);
    expect(exitCode).toBe(0);
    const results = linesIn(out);
    expect(results.map(({ sequence }) => sequence)).toEqual(['1', '2']);
    expect(results.map(({ customId }) => customId).sort()).toEqual(['a', 'b']);
    expect(results[0].response.content).toBe('Hello from the stub.');
    expect(linesIn((await batch(['results', id, '--after', '0'])).out)).toEqual(results);
    expect(linesIn((await batch(['results', id, '--after', '1'])).out)).toHaveLength(1);

    expect((await batch(['status', id])).out).toMatch(
      /state: +completed\n.*2 done, 0 failed, of 2/s,
    );
    const asJson = JSON.parse((await batch(['status', id, '--json'])).out);
    expect(asJson).toMatchObject({
      id,
      state: 'BATCH_STATE_COMPLETED',
      metadata: { user_id: 'ada' },
    });
    expect((await batch(['list', '--state', 'completed'])).out).toMatch(
      new RegExp(`\n${id} +first `),
    );
    expect(linesIn((await batch(['list', '--limit', '1', '--json'])).out)).toMatchObject([{ id }]);
    expect((await batch(['list', '--state', 'failed'])).out).not.toContain(id);
    expect((await batch(['cancel', id, '--json'])).exitCode).toBe(0);
  });

  it('has lines that end where JSON Lines do, and may begin with a byte order mark', async () => {
    const messages = [{ role: 'ROLE_USER', content: 'one\u2028two\u0085three' }];
    const input = [`\ufeff${item('é', { messages })}\r`];
    const { exitCode, out, err } = await batch(['create', '-', '--execution', 'local'], input);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '1 item, queued\n' });
    const [result] = linesIn((await batch(['results', out.trim(), '--wait'])).out);
    expect(result.customId).toBe('é');
    expect(running.stub.requests.at(-1)?.body).toMatchObject({
      messages: [{ content: messages[0]?.content }],
    });
  });

  it('belongs to a project', async () => {
    const { out } = await batch(
      ['create', '-', '--project', 'web', '--json', '--window', '1h', '--max-cost', '1.50'],
      [item('a')],
    );
    const { id } = JSON.parse(out);
    expect((await batch(['status', id, '--project', 'web'])).exitCode).toBe(0);
    expect((await batch(['status', id, '--project', 'other'])).exitCode).toBe(6);
    await batch(['results', id, '--wait']);
  });

  it.each([
    [['{"customId":"a","reqest":{}}'], '-, line 1: ', '"reqest" is unknown'],
    [[item('a'), 'x'], '-, line 2: ', 'not valid JSON'],
    [[item('a'), Buffer.from(item('é'), 'latin1')], '-, line 2: ', 'it must be text in UTF-8'],
    [[item('a'), item('a')], 'INVALID_REQUEST: ', 'custom_id'],
  ])('takes nothing of %j', async (input, begin, problem) => {
    const { exitCode, out, err } = await batch(['create', '-'], input);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err.startsWith(`batch create: ${begin}`)).toBe(true);
    expect(err).toContain(problem);
  });

  it('only tells the problems with --validate-only', async () => {
    const bad = await batch(['create', '-', '--validate-only'], [item('a', { messages: [] })]);
    expect(bad).toMatchObject({ exitCode: 2, err: 'batch create: 1 problem\n' });
    expect(bad.out).toContain('items["a"].request.messages');
    const good = await batch(['create', '-', '--validate-only'], [item('a')]);
    expect(good).toEqual({ exitCode: 0, out: '', err: '' });
  });

  it('says what is wrong with the command line', async () => {
    expect((await batch(['create', '/gone'])).err).toContain('/gone cannot be read (ENOENT)');
    expect((await batch(['create', '-', '--max-cost', 'much'])).err).toContain('must be dollars');
    expect(await batch([])).toMatchObject({ exitCode: 2, out: '' });
    expect((await batch(['status'])).err).toContain("missing required argument 'id'");
    expect((await batch(['status', 'nope'])).exitCode).toBe(6);
  });
});
