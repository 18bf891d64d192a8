import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../src/simulator/endpoint.ts';
import { readRecording } from '../../src/simulator/recording/entry.ts';
import { startRecorder } from '../../src/simulator/recording/record.ts';
import { startReplay } from '../../src/simulator/recording/replay.ts';
import { parseScript } from '../../src/simulator/script/load.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import {
  answer,
  httpError,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';
import { postChat, readAll, send } from '../support-tests/post-chat.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const endpoint of running.splice(0)) await endpoint.close();
});

async function kept<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const endpoint = await starting;
  running.push(endpoint);
  return endpoint;
}

async function recorderOf(url: string) {
  const lines: string[] = [];
  const told: string[] = [];
  const recorder = await kept(
    startRecorder({ upstream: new URL(url), write: (line) => lines.push(line) }, {}, (_, what) =>
      told.push(what),
    ),
  );
  return { url: recorder.url, told, recording: () => lines.join('') };
}

const replayOf = (recording: string): Promise<Endpoint> =>
  kept(startReplay(readRecording(recording), { speed: Number.POSITIVE_INFINITY }));

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
}

/** Everything that comes over the connection, with chunk sizes and all. */
async function raw(url: string, { method = 'POST', path, body = '' }: Asked): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const head = `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer sk-of-the-caller`;
  socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return textOf(socket);
}

const chat = (content: string, more: object = {}) => ({
  path: '/v1/chat/completions',
  body: JSON.stringify({
    model: 'gpt-4o',
    messages: [{ role: 'user', content }],
    stream: true,
    ...more,
  }),
});
const responses = (input: string, more: object = {}) => ({
  path: '/v1/responses',
  body: JSON.stringify({ model: 'gpt-5.4', input, stream: true, ...more }),
});

describe('a recording of the strict stub', () => {
  const script = parseScript(
    {
      rules: [
        {
          when: { message: 'tool' },
          reply: { toolCalls: [{ name: 'f', arguments: { city: '東京' } }] },
        },
        { when: { message: 'limit' }, times: 1, fault: { name: 429, retryAfter: '20s' } },
        { when: { message: 'cut' }, fault: 'cut' },
        { when: { message: 'broken' }, fault: 'truncated' },
        {
          when: { message: 'drip' },
          reply: 'Grüße aus 東京 👩‍🚀',
          fault: { name: 'slow', bytes: 7, every: 1 },
        },
        { when: { message: 'paced' }, delay: { piece: '2ms' }, reply: { pieces: ['a', 'b', 'c'] } },
      ],
    },
    'script',
  );
  const conversation: readonly Asked[] = [
    { method: 'GET', path: '/v1/models' },
    chat('Hi'),
    chat('Hi'),
    chat('Hi', { stream: false }),
    chat('tool'),
    chat('limit'),
    chat('limit'),
    chat('cut'),
    chat('broken'),
    chat('drip'),
    chat('paced'),
    chat('odd', { temprature: 1 }),
    chat('no such model', { model: 'gpt-x' }),
    responses('Hi'),
    responses('tool', { stream: false }),
    { path: '/v1/responses', body: '{"broken' },
    { method: 'GET', path: '/v1/nothing' },
  ];
  const ask = async (url: string) => {
    const answers: string[] = [];
    for (const asked of conversation) answers.push(await raw(url, asked));
    return answers;
  };
  const unmasked = (answers: readonly string[]) =>
    answers.map((text) => text.replace(/(openai-organization: ).*/, '$1***'));

  const withoutChunks = (text: string) => text.replaceAll(/\r\n[0-9a-f]+\r\n/g, '');

  it('replays to the byte, with heads, chunks and breaks', async () => {
    const direct = await ask((await kept(startSimulator(script))).url);
    const recorder = await recorderOf((await kept(startSimulator(script))).url);
    expect((await ask(recorder.url)).map(withoutChunks)).toEqual(direct.map(withoutChunks));
    const replay = await replayOf(recorder.recording());
    expect(await ask(replay.url)).toEqual(unmasked(direct));
  });

  it('keeps the pauses', async () => {
    const recorder = await recorderOf((await kept(startSimulator(script))).url);
    await raw(recorder.url, chat('paced'));
    const [entry] = readRecording(recorder.recording());
    if (entry === undefined) throw new Error('nothing was recorded');
    const { headersMs, chunks, endMs } = entry.response;
    const times = [headersMs, ...chunks.map(({ ms }) => ms), endMs];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const slower = { ...entry, response: { ...entry.response, endMs: endMs + 60 } };
    const replay = await kept(startReplay([slower]));
    const began = performance.now();
    await raw(replay.url, chat('paced'));
    expect(performance.now() - began).toBeGreaterThanOrEqual(60);
  });
});

describe('secrets', () => {
  const KEY = 'sk-proj-abcdefghijklmnopqrstuvwx0123456789';
  const OTHER = 'sk-svcacct-zyxwvutsrqponmlkjihgfedcba9876543210';
  const asked = { authorization: `Bearer ${KEY}`, 'openai-organization': 'the-acme-account' };

  async function record(stub: StubUpstream, path = '/chat/completions', headers: object = asked) {
    const recorder = await recorderOf(stub.url);
    const body = JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: `my key is ${OTHER}` }],
    });
    const answered = await readAll(await send('POST', `${recorder.url}${path}`, body, headers));
    return { answered, recording: recorder.recording(), stub };
  }

  it('reach the upstream, and the caller, and no recording', async () => {
    const stub = await kept(startStubUpstream());
    stub.setDefault(
      httpError(401, {
        message: `Wrong key ${KEY} of org-Abcdefgh12345678, the-acme-account; a risk-management-system-for-all`,
        headers: { 'set-cookie': 'session=0123456789', 'openai-project': 'proj_zyxw0987654321' },
      }),
    );
    const { answered, recording } = await record(stub, '/chat/completions?api-key=hush-hush-hush');
    expect(stub.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(answered.text).toContain(KEY);
    for (const secret of [
      KEY,
      OTHER,
      'org-Abcdefgh12345678',
      'the-acme-account',
      '0123456789',
      'proj_zyxw0987654321',
      'hush-hush-hush',
      'simulated-organization',
    ]) {
      expect(recording).not.toContain(secret);
    }
    expect(recording).toContain('risk-management-system-for-all');
    const [entry] = readRecording(recording);
    const length = entry?.response.headers.find(([name]) => name === 'content-length')?.[1];
    expect(Number(length)).toBe(Buffer.byteLength(answered.text));
  });

  it('are found across chunks, and in requests that are replayed', async () => {
    const stub = await kept(startStubUpstream());
    stub.setDefault(async (exchange) => {
      exchange.raw(`data: ${KEY.slice(0, 9)}`);
      await exchange.delay(20);
      exchange.raw(`${KEY.slice(9)}\n\n`);
      exchange.end();
    });
    const { recording } = await record(stub);
    expect(readRecording(recording)[0]?.response.chunks.length).toBe(2);
    expect(recording).not.toContain(KEY.slice(9));
    const replay = await replayOf(recording);
    const body = JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: `my key is ${OTHER}` }],
    });
    const { status, text } = await readAll(
      await send('POST', `${replay.url}/chat/completions`, body, {}),
    );
    expect([status, text]).toEqual([200, `data: ${'*'.repeat(KEY.length)}\n\n`]);
  });
});

describe('a replay', () => {
  async function recordTwo() {
    const stub = await kept(startStubUpstream());
    stub.enqueue(answer({ text: 'first' }), answer({ text: 'second' }));
    const recorder = await recorderOf(stub.url);
    await postChat(recorder.url);
    await postChat(recorder.url);
    return recorder.recording();
  }
  const said = async (url: string, body?: object) => (await postChat(url, body)).text;

  it('gives the same request its answers in order, and then the last', async () => {
    const { url } = await replayOf(await recordTwo());
    expect(await said(url)).toContain('first');
    expect(await said(url)).toContain('second');
    expect(await said(url)).toContain('second');
  });

  it('does not look at what was taken out of a matcher, nor at the order of keys', async () => {
    const [line = ''] = (await recordTwo()).split('\n');
    const entry = JSON.parse(line);
    delete entry.request.body.messages;
    const { url } = await replayOf(JSON.stringify(entry));
    expect(await said(url, { stream: true, model: 'gpt-5.4', messages: [] })).toContain('first');
    const other = await postChat(url, { stream: true, model: 'gpt-4o' });
    expect([other.status, JSON.parse(other.text).error.code]).toEqual([400, 'not_recorded']);
  });

  it.each([
    ['more than is wanted', { a: { b: 1, c: 2 }, list: [1, 2] }, 200],
    ['another value', { a: { b: 2 }, list: [1, 2] }, 400],
    ['a value in the place of a group', { a: 1, list: [1, 2] }, 400],
    ['null in the place of a group', { a: null, list: [1, 2] }, 400],
    ['a list in the place of a group', { a: [1], list: [1, 2] }, 400],
    ['a group in the place of a list', { a: { b: 1 }, list: { 0: 1, 1: 2 } }, 400],
    ['a longer list', { a: { b: 1 }, list: [1, 2, 3] }, 400],
    ['nothing of it', {}, 400],
  ])('answers a request that is %s', async (_, body, status) => {
    const { recording, url } = await recorderOf((await kept(startStubUpstream())).url);
    await postChat(url, { a: { b: 1 }, list: [1, 2] });
    const replay = await replayOf(recording());
    expect((await postChat(replay.url, body)).status).toBe(status);
  });

  it('knows a form again, whatever its boundary is', async () => {
    const stub = await kept(startStubUpstream());
    const recorder = await recorderOf(stub.url);
    const upload = async (url: string) => {
      const form = new FormData();
      form.set('purpose', 'batch');
      form.set('file', new Blob(['{}\n']), 'a.jsonl');
      return (await fetch(`${url}/files`, { method: 'POST', body: form })).text();
    };
    const recorded = await upload(recorder.url);
    expect(await upload((await replayOf(recorder.recording())).url)).toBe(recorded);
  });

  it.each([
    ['{"a', 'line 2: is no JSON'],
    ['{"request":{"method":"GET","path":"/"}}', /^line 2: response: /],
    [
      '{"request":{"method":"GET","path":"/"},"response":{"status":"x"}}',
      /^line 2: response.status: /,
    ],
  ])('names what is wrong with %s', (line, problem) => {
    expect(() => readRecording(`\n${line}\n`)).toThrow(problem);
  });
});

describe('a recorder', () => {
  it('keeps nothing of an answer that its caller left', async () => {
    const stub = await kept(startStubUpstream());
    stub.setDefault((exchange) => exchange.headers());
    const { url, told, recording } = await recorderOf(stub.url);
    (await send('POST', `${url}/chat/completions`, '{}')).destroy();
    await (await stub.waitForRequest(1)).closed;
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([told, recording()]).toEqual([['not recorded: the client left'], '']);
  });

  it('says that the upstream is not there', async () => {
    const stub = await startStubUpstream();
    const { url, recording } = await recorderOf(stub.url);
    await stub.close();
    const { status, text } = await postChat(url);
    expect([status, text]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
    expect(recording()).toBe('');
  });

  it('says that the upstream goes over to another protocol', async () => {
    const server = createServer((_, response) => {
      response.writeHead(101, { connection: 'upgrade', upgrade: 'h2c' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { url, told } = await recorderOf(`http://127.0.0.1:${port}/v1`);
    expect((await postChat(url)).status).toBe(502);
    expect(told).toEqual(['the upstream cannot be reached']);
    server.close();
  });

  it('does not know what is not of the API', async () => {
    const stub = await kept(startStubUpstream());
    const { url } = await kept(startRecorder({ upstream: new URL(stub.url), write: () => {} }));
    const { status, text } = await readAll(await send('GET', new URL('/other', url).href));
    expect([status, text]).toEqual([404, expect.stringContaining('Invalid URL (GET /other)')]);
    expect(stub.otherRequests).toEqual([]);
  });

  it('tells nobody where nobody asks, and writes', async () => {
    const stub = await kept(startStubUpstream());
    const lines: string[] = [];
    const upstream = new URL(`${stub.url}/`);
    const { url } = await kept(startRecorder({ upstream, write: (line) => lines.push(line) }));
    await readAll(await send('GET', `${url}/models`));
    expect(readRecording(lines.join('')).map(({ request }) => request)).toEqual([
      { method: 'GET', path: '/v1/models' },
    ]);
  });

  it('asks an upstream of https over TLS', async () => {
    const stub = await kept(startStubUpstream());
    const { url, told } = await recorderOf(stub.url.replace('http:', 'https:'));
    const { status, text } = await postChat(url);
    expect([status, text]).toEqual([502, expect.stringContaining('cannot be reached')]);
    expect(told).toEqual(['the upstream cannot be reached']);
    expect(stub.requests).toEqual([]);
  });

  it('passes on an answer of more than 64 MiB, and does not keep it', async () => {
    const stub = await kept(startStubUpstream());
    const piece = Buffer.alloc(1_048_576, 'a');
    stub.setDefault(async (exchange) => {
      for (let n = 0; n < 65; n += 1) if (!exchange.raw(piece)) await exchange.writable();
      exchange.end();
    });
    const { url, told, recording } = await recorderOf(stub.url);
    const message = await send('POST', `${url}/chat/completions`, '{}');
    let bytes = 0;
    for await (const part of message) bytes += part.length;
    expect(bytes).toBe(65 * piece.length);
    expect([told, recording()]).toEqual([['not recorded: the answer is longer than 64 MiB'], '']);
  });

  it('does not keep what it cannot search', async () => {
    const stub = await kept(startStubUpstream());
    stub.setDefault(answer({ headers: { 'content-encoding': 'br' } }));
    const { url, told } = await recorderOf(stub.url);
    await postChat(url);
    expect(stub.requests[0]?.headers['accept-encoding']).toBe('identity');
    expect(told).toEqual(['not recorded: the answer is compressed (br)']);
  });
});
