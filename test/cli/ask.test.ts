import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdClosedPort } from '../support/closed-port.ts';
import { FakeHost } from '../support/fake-host.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answer, silent, stallAfter } from '../support/upstream/index.ts';

const directory = tempFolder();
const file = (name: string, content: string | Buffer) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('defaultModel: gpt-4o-mini');
});
afterAll(async () => {
  await running.stop();
});

async function ask(
  argv: readonly string[],
  {
    input = '' as string | Buffer,
    isTTY = false,
    stdinIsTTY = false,
    columns = 80,
    TERM = 'xterm',
  } = {},
) {
  const host = new FakeHost();
  Object.assign(host.stdout, { isTTY });
  Object.assign(host.stderr, { isTTY, columns });
  host.stdin = Object.assign(Readable.from([input]), { isTTY: stdinIsTTY });
  const environment = { TAMMA_ADDRESS: running.addresses[0] ?? '', TERM };
  return runCommand(['ask', ...argv], { environment }, host);
}

/** What the upstream was last asked. */
const asked = () => running.stub.requests.at(-1)?.body as { readonly messages: unknown };

describe('ask', () => {
  it('prints the answer, and on standard error what it took', async () => {
    const { exitCode, out, err } = await ask(['Say', 'hello']);
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'Hello from the stub.\n' });
    expect(err).toMatch(
      /^gpt-4o-mini: [\d,]+ tokens in, [\d,]+ out, \$0\.\d+, .*first after .*\n$/,
    );
    expect(asked().messages).toEqual([{ role: 'user', content: 'Say hello' }]);
  });

  it('says that an answer is cut, and nothing with --quiet', async () => {
    running.stub.enqueue(answer({ text: 'Hel', finishReason: 'length' }));
    expect((await ask(['hi', '--max-tokens', '3'])).err).toContain(
      'cut: the answer reached its limit',
    );
    expect(await ask(['hi', '--quiet'])).toEqual({
      exitCode: 0,
      out: 'Hello from the stub.\n',
      err: '',
    });
  });

  it('shows on a terminal what it waits for, and takes it away', async () => {
    const { err } = await ask(['hi'], { isTTY: true });
    expect(err.startsWith('\r\u001b[Kwaiting … 0.')).toBe(true);
    expect(err).toContain('\r\u001b[Kgpt-4o-mini: ');
  });

  it('shows nothing of it on a terminal that can take nothing away', async () => {
    expect((await ask(['hi'], { isTTY: true, TERM: 'dumb' })).err).not.toContain('\u001b');
  });

  it('keeps what it waits for to one line of a narrow terminal', async () => {
    const { err } = await ask(['hi'], { isTTY: true, columns: 10 });
    expect(err).toContain('\r\u001b[Kwaiting …\r\u001b[Kgpt-4o-mi\r\u001b[K');
  });

  it('writes an answer as it is, but for what a terminal would act on', async () => {
    const text = '\u001b]52;c;eA==\u0007\u001b[2JHi\n';
    running.stub.enqueue(answer({ text }), answer({ text }));
    expect((await ask(['hi'])).out).toBe(text);
    expect((await ask(['hi'], { isTTY: true })).out).toBe('␛]52;c;eA==␇␛[2JHi\n');
  });

  it.each([[['-']], [[]]])('reads standard input with %j', async (argv) => {
    await ask(argv, { input: 'From a pipe\n' });
    expect(asked().messages).toEqual([{ role: 'user', content: 'From a pipe' }]);
    expect(await ask(argv, { input: ' \n' })).toMatchObject({ exitCode: 2, out: '' });
  });

  it('does not wait for somebody to type', async () => {
    expect(await ask([], { stdinIsTTY: true })).toMatchObject({
      exitCode: 2,
      err: 'ask: what is asked? See ask --help\n',
    });
  });

  it('sends texts as text, and images as images', async () => {
    const paths = [file('a.md', '# A'), file('b.png', Buffer.from([0x89, 0x50]))];
    await ask([
      '--file',
      paths[0] ?? '',
      '--file',
      paths[1] ?? '',
      '--system',
      'Be brief.',
      'What?',
    ]);
    expect(asked().messages).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a.md:\n\n# A' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVA=' } },
          { type: 'text', text: 'What?' },
        ],
      },
    ]);
  });

  it('asks nothing that is no UTF-8, for it would be another text', async () => {
    const input = Buffer.from('é', 'latin1');
    expect(await ask(['-'], { input })).toMatchObject({
      exitCode: 2,
      err: 'ask: standard input: it must be text in UTF-8\n',
    });
    const path = file('latin1.json', input);
    expect((await ask(['--request', path])).err).toBe(`ask: ${path}: it must be text in UTF-8\n`);
    const marked = file(
      'marked.json',
      '\ufeff{"messages": [{"role": "ROLE_USER", "content": "é"}]}',
    );
    expect((await ask(['--request', marked])).exitCode).toBe(0);
    expect(asked().messages).toEqual([{ role: 'user', content: 'é' }]);
  });

  it('sends a PDF as a file, and files alone after the request of a file', async () => {
    const pdf = file('c.PDF', '%PDF-1.7');
    const request = file('only.json', '{"messages": [{"role": "ROLE_USER", "content": "Read."}]}');
    expect((await ask(['--request', request, '--file', pdf])).err).not.toContain('ask: ');
    expect(asked().messages).toMatchObject([
      { content: 'Read.' },
      { role: 'user', content: [{ type: 'file', file: { filename: 'c.PDF' } }] },
    ]);
  });

  it('adds what is said to the request of a file', async () => {
    const request = { messages: [{ role: 'ROLE_USER', content: 'Written' }], max_tokens: 7 };
    const path = file('request.json', JSON.stringify(request));
    await ask(['--request', path, '--model', 'gpt-4o', 'And', 'said']);
    expect(asked()).toMatchObject({
      model: 'gpt-4o',
      messages: [{ content: 'Written' }, { content: 'And said' }],
    });
    expect((await ask(['--request', path])).exitCode).toBe(0);
  });

  it.each([
    [['--file', '/gone', 'x'], '/gone cannot be read (ENOENT)'],
    [['--request', '/gone', 'x'], '/gone cannot be read (ENOENT)'],
    [['--max-tokens', '0', 'x'], 'must be a whole number above 0'],
    [['--metadata', 'user', 'x'], 'must be key=value'],
    [['--timeout', '5x', 'x'], 'must be a duration with its unit'],
    [['--timeout', '5', 'x'], 'must be a duration with its unit'],
    [['--timeout', '0s', 'x'], 'must be a duration with its unit'],
    [['--timeout', '25d', 'x'], 'at most 24d'],
  ])('refuses %j with 2', async (argv, message) => {
    const { exitCode, err } = await ask(argv);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
  });

  it('refuses files that no model reads, and requests that are none', async () => {
    const binary = file('a.bin', Buffer.from([0xff, 0xfe]));
    expect((await ask(['--file', binary, 'x'])).err).toContain('neither text, image nor PDF');
    const wrong = file('wrong.json', '{"mesages": []}');
    expect((await ask(['--request', wrong, 'x'])).err).toContain('"mesages" is unknown');
  });
});

describe('ask, at Ctrl-C', () => {
  /** Presses it when the upstream was asked and `text` is there; resolves with how the command ended. */
  async function interrupted(
    argv: readonly string[],
    text: string,
    admin: string,
    host = new FakeHost(),
  ) {
    const environment = {
      TAMMA_ADDRESS: running.addresses[0] ?? '',
      TAMMA_ADMIN_ADDRESS: admin,
    };
    const asked = running.stub.requests.length;
    const ended = runCommand(['ask', ...argv], { environment }, host);
    while (!host.out.includes(text) || running.stub.requests.length === asked)
      await new Promise((resolve) => setTimeout(resolve, 5));
    host.emit('SIGINT', 'SIGINT');
    return ended;
  }
  const admin = () => running.app.adminAddress;

  it('says what was billed of an answer that had begun', async () => {
    running.stub.enqueue(stallAfter(2, { text: 'one two three four five six' }));
    const { exitCode, out, err } = await interrupted(['count'], 'o', admin());
    expect(exitCode).toBe(130);
    expect(out.endsWith('\n')).toBe(true);
    expect(err).toMatch(
      /^ask: cancelled; billed: gpt-4o-mini: about [1-9]\d* tokens in, [1-9]\d* out, ~\$0\.0000\d+\n$/,
    );
  });

  it('tells of an answer that never came what the upstream may bill for it', async () => {
    running.stub.enqueue(silent());
    const { exitCode, err } = await interrupted(['count'], '', admin());
    expect({ exitCode, err }).toEqual({
      exitCode: 130,
      err: expect.stringMatching(/^ask: cancelled/),
    });
    expect(err).not.toContain('what it cost');
  });

  it('says by which id it is found where the admin listener cannot be asked', async () => {
    running.stub.enqueue(silent());
    const closed = await holdClosedPort();
    const { exitCode, err } = await interrupted(['count'], '', `127.0.0.1:${closed.port}`);
    await closed.release();
    expect(exitCode).toBe(130);
    expect(err).toMatch(/^ask: cancelled; what it cost is told by: call [0-9a-f]{32}\n$/);
  });

  it('ends at once at the second', async () => {
    running.stub.enqueue(silent());
    const host = new FakeHost();
    const ended = interrupted(['count'], '', admin(), host);
    await once(host, 'SIGINT');
    host.emit('SIGINT', 'SIGINT');
    expect(host.exits).toEqual([130]);
    await ended;
  });

  it('says it with --quiet, too', async () => {
    running.stub.enqueue(silent());
    expect(await interrupted(['--quiet', 'count'], '', admin())).toMatchObject({
      exitCode: 130,
      err: expect.stringMatching(/^ask: cancelled; billed: .*\n$/),
    });
  });

  it('says it with --json as a google.rpc.Status', async () => {
    running.stub.enqueue(stallAfter(2, { text: 'one two three four five six' }));
    const { exitCode, err } = await interrupted(['--json', 'count'], 'o', admin());
    expect(exitCode).toBe(130);
    expect(JSON.parse(err)).toEqual({
      code: 1,
      message: expect.stringMatching(/^cancelled; billed: gpt-4o-mini: about /),
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'CANCELLED',
          domain: 'provider.tamma.dev',
          metadata: {
            trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            model: 'gpt-4o-mini',
            input_tokens: expect.stringMatching(/^[1-9]\d*$/),
            output_tokens: expect.stringMatching(/^[1-9]\d*$/),
            cost_usd: expect.stringMatching(/^0\.0000\d+$/),
            estimated: 'true',
          },
        },
      ],
    });
  });

  it('says with --json by which id it is found', async () => {
    running.stub.enqueue(silent());
    const closed = await holdClosedPort();
    const { err } = await interrupted(['--json', 'count'], '', `127.0.0.1:${closed.port}`);
    await closed.release();
    const { details } = JSON.parse(err);
    expect(details[0].metadata).toEqual({ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });
});
