import { afterEach, describe, expect, it } from '@jest/globals';
import type { Endpoint } from '../../src/simulator/endpoint.ts';
import { FAULT_NAMES } from '../../src/simulator/script/fault-names.ts';
import { parseScript } from '../../src/simulator/script/load.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import {
  contentOf,
  events,
  openChat,
  postChat,
  readAll,
  send,
} from '../support-tests/post-chat.ts';

let simulator: Endpoint | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

async function start(script: object): Promise<string> {
  simulator = await startSimulator(parseScript(script, 'script'));
  return simulator.url;
}

const ask = (content: string, more: object = {}) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content }],
  stream: true,
  ...more,
});

const askResponses = async (url: string, body: object) =>
  readAll(await send('POST', `${url}/responses`, JSON.stringify({ model: 'gpt-5.4', ...body })));

const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const weather = { type: 'function', function: { name: 'get_weather', parameters } };
const called = {
  role: 'assistant',
  tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }],
};

describe('rules', () => {
  const conversation = [
    { role: 'user', content: 'How warm?' },
    called,
    { role: 'tool', tool_call_id: 'c1', content: '21 degrees' },
  ];

  it.each([
    ['the model', { model: 'gpt-4?' }, ask('Hi')],
    ['words of the last message', { message: 'sum' }, ask('Please sum up')],
    ['an expression', { message: '/^PLEASE/i' }, ask('Please')],
    [
      'the parts of a message',
      { message: 'here' },
      ask('', { messages: [{ role: 'user', content: [{ type: 'text', text: 'in here' }] }] }),
    ],
    ['a tool that is offered', { tool: 'get_*' }, ask('Hi', { tools: [weather] })],
    [
      'a tool that was called',
      { calledTool: 'get_weather', message: '21' },
      ask('', { messages: conversation, tools: [weather] }),
    ],
    ['the role', { role: 'tool' }, ask('', { messages: conversation, tools: [weather] })],
    ['the API', { api: 'chat_completions' }, ask('Hi')],
  ])('fit by %s', async (_, when, body) => {
    const url = await start({ rules: [{ when, reply: 'It fits.' }] });
    expect(contentOf((await postChat(url, body)).text)).toBe('It fits.');
  });

  it.each([
    ['the model', { model: 'gpt-5*' }],
    ['words', { message: 'sum' }],
    ['a tool', { tool: 'get_weather' }],
    ['a tool that was called', { calledTool: '*' }],
    ['the role', { role: 'tool' }],
    ['the API', { api: 'responses' }],
  ])('do not fit by %s', async (_, when) => {
    const url = await start({ rules: [{ when, reply: 'It fits.' }] });
    expect(contentOf((await postChat(url, ask('Hi'))).text)).toBe('Hello from the simulator.');
  });

  it('fit over Responses', async () => {
    const url = await start({
      rules: [
        { when: { calledTool: 'get_weather', message: '21' }, reply: 'Warm.' },
        {
          when: { tool: 'get_weather' },
          reply: { toolCalls: [{ name: 'get_weather', arguments: { city: 'Paris' } }] },
        },
      ],
    });
    const tools = [{ type: 'function', name: 'get_weather', parameters, strict: false }];
    const asked = { role: 'user', content: 'How warm?' };
    const first = JSON.parse((await askResponses(url, { input: [asked], tools })).text);
    expect(first.output[0]).toMatchObject({ name: 'get_weather', arguments: '{"city":"Paris"}' });
    const { call_id, name, arguments: given } = first.output[0];
    const input = [
      asked,
      { type: 'function_call', call_id, name, arguments: given },
      { type: 'function_call_output', call_id, output: '21 degrees' },
    ];
    const second = JSON.parse((await askResponses(url, { input, tools })).text);
    expect(second.output[0].content[0].text).toBe('Warm.');
  });

  it('answer so many times, and then the next one does', async () => {
    const url = await start({ rules: [{ times: 2, fault: 429 }, { reply: 'Now.' }] });
    const statuses = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await postChat(url, ask('Hi'))).status);
    expect(statuses).toEqual([429, 429, 200]);
  });
});

describe('a reply', () => {
  it('says everything that it is told to', async () => {
    const usage = { inputTokens: 7, cachedTokens: 3, outputTokens: 5, reasoningTokens: 2 };
    const reply = { pieces: ['a', 'b'], finishReason: 'length', model: 'gpt-4o-mini', usage };
    const url = await start({ rules: [{ reply }] });
    const { text } = await postChat(url, ask('Hi', { stream: false }));
    expect(JSON.parse(text)).toMatchObject({
      model: 'gpt-4o-mini',
      choices: [{ message: { content: 'ab' }, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 5,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  it('waits as long as it is told to', async () => {
    const delay = { headers: 30, firstPiece: 30, piece: 10 };
    const url = await start({ rules: [{ delay, reply: { pieces: ['a', 'b', 'c'] } }] });
    const began = performance.now();
    expect(contentOf((await postChat(url, ask('Hi'))).text)).toBe('abc');
    expect(performance.now() - began).toBeGreaterThanOrEqual(75);
  });
});

describe('a fault', () => {
  const faulty = (fault: unknown, reply = 'one two three four') => ({ rules: [{ fault, reply }] });

  it.each([
    [429, 429, 'rate_limit_exceeded'],
    [401, 401, 'invalid_api_key'],
    [503, 503, null],
    ['quota', 429, 'insufficient_quota'],
    ['context', 400, 'context_length_exceeded'],
    [{ name: 418, code: 'teapot', message: 'short and stout' }, 418, 'teapot'],
  ])('%j is an error answer', async (fault, status, code) => {
    const url = await start(faulty(fault));
    const answered = await postChat(url);
    expect(answered.status).toBe(status);
    expect(JSON.parse(answered.text).error.code).toBe(code);
  });

  it('says when to come again', async () => {
    const url = await start(faulty({ name: 429, retryAfter: '1500ms' }));
    expect((await postChat(url)).headers).toMatchObject({
      'retry-after': '2',
      'retry-after-ms': '1500',
    });
  });

  it.each([
    ['cut', 'one two', 'ECONNRESET'],
    ['reset', 'one two', 'ECONNRESET'],
    ['truncated', 'one two', undefined],
    [{ name: 'cut', after: 1 }, 'one', 'ECONNRESET'],
    ['no_done', 'one two three four', undefined],
    ['slow', 'one two three four', undefined],
    [{ name: 'slow', bytes: 500, every: '1ms' }, 'one two three four', undefined],
  ])('%j strikes within the reply', async (fault, text, broken) => {
    const fast = fault === 'slow' ? { name: 'slow', bytes: 64, every: 0 } : fault;
    const url = await start(faulty(fast));
    const answered = await postChat(url);
    expect(contentOf(answered.text)).toBe(text);
    expect(answered.broken).toBe(broken);
  });

  it('stalls', async () => {
    const message = await openChat(await start(faulty({ name: 'stall', after: 1 })));
    for await (const piece of message) if (String(piece).includes('"one"')) break;
    expect(message.complete).toBe(false);
  });

  it('breaks a body that is no stream', async () => {
    const url = await start(faulty('cut'));
    const { text, broken } = await postChat(url, ask('Hi', { stream: false }));
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(broken).toBe('ECONNRESET');
  });

  it.each(['error_event', 'failed', 'cancelled'])(
    '%s ends an answer over Responses',
    async (name) => {
      const url = await start(faulty(name));
      const { text } = await askResponses(url, { input: 'Hi', stream: true });
      expect(text).toContain('"delta":" two"');
      expect(text).not.toContain('response.completed');
      expect(text).toContain(
        name === 'error_event' ? '"type":"error"' : `"type":"response.${name}"`,
      );
    },
  );

  it.each(FAULT_NAMES.filter((name) => !['silent', 'stall', 'headers_only'].includes(name)))(
    '%s ends over both APIs, streamed or not',
    async (name) => {
      const url = await start(faulty({ name, every: 0, bytes: 1_000 }));
      for (const stream of [true, false]) {
        const chat = await postChat(url, ask('Hi', { stream })).catch(({ code }) => code);
        const responses = await askResponses(url, { input: 'Hi', stream }).catch(
          ({ code }) => code,
        );
        if (name === 'refused') expect([chat, responses]).toEqual(['ECONNRESET', 'ECONNRESET']);
      }
    },
  );
});

describe('what it knows', () => {
  it('lists its models, and one of them', async () => {
    const url = await start({ models: ['a', { id: 'b', shutdownDate: '2027-01-14' }] });
    const get = async (path: string) => readAll(await send('GET', `${url}${path}`));
    expect(JSON.parse((await get('/models')).text).data).toMatchObject([
      { id: 'a' },
      { id: 'b', shutdown_date: '2027-01-14' },
    ]);
    expect(JSON.parse((await get('/models/b')).text)).toMatchObject({ id: 'b', object: 'model' });
    expect((await get('/models/c')).status).toBe(404);
    expect((await get('/models/%')).status).toBe(404);
  });

  it('keeps responses, until they are deleted', async () => {
    const url = await start({ rules: [{ reply: 'Kept.' }] });
    const { id } = JSON.parse((await askResponses(url, { input: 'Hi', background: true })).text);
    const at = async (method: string) => readAll(await send(method, `${url}/responses/${id}`));
    expect(JSON.parse((await at('GET')).text)).toMatchObject({ id, status: 'completed' });
    expect((await at('DELETE')).status).toBe(200);
    expect((await at('GET')).status).toBe(404);
  });

  it('refuses other keys, whichever header brings them', async () => {
    const url = await start({ apiKeys: ['right'] });
    const get = async (headers: object) =>
      (await readAll(await send('GET', `${url}/models`, '', headers))).status;
    expect(await get({})).toBe(401);
    expect(await get({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await get({ authorization: 'Bearer right' })).toBe(200);
    expect(await get({ 'api-key': 'right' })).toBe(200);
  });

  it('refuses what OpenAI refuses, unless it is told not to', async () => {
    const odd = ask('Hi', { temprature: 1 });
    const { status, text } = await postChat(await start({}), odd);
    expect([status, JSON.parse(text).error.param]).toEqual([400, 'temprature']);
    await simulator?.close();
    expect((await postChat(await start({ strict: false }), odd)).status).toBe(200);
  });

  it('refuses models that are shut down on the day of the script', async () => {
    const old = ask('Hi', { model: 'gpt-3.5-turbo' });
    expect((await postChat(await start({}), old)).status).toBe(200);
    await simulator?.close();
    const url = await start({ time: '2027-01-01T00:00:00Z' });
    expect((await postChat(url, old)).status).toBe(404);
  });
});

describe('determinism', () => {
  const script = {
    rules: [
      { when: { message: 'tool' }, reply: { toolCalls: [{ name: 'f' }] } },
      { when: { message: 'again' }, times: 1, reply: 'first' },
    ],
  };
  const conversation = [ask('tool'), ask('again'), ask('again'), ask('Hi', { stream: false })];
  const run = async (seed: number, bodies: readonly object[]) => {
    const url = await start({ ...script, seed });
    const answers = await Promise.all(bodies.map((body) => postChat(url, body)));
    await simulator?.close();
    return answers.map(({ headers, text }) => JSON.stringify([headers, text]));
  };

  it('gives the same bytes for the same requests, in whichever order others come', async () => {
    const first = await run(1, conversation);
    expect(await run(1, conversation)).toEqual(first);
    const reversed = await run(1, conversation.toReversed());
    expect(reversed.toSorted()).toEqual(first.toSorted());
  });

  it('gives other ids for another seed, and for the same request once more', async () => {
    const [one, again, andAgain] = await run(1, conversation);
    const [other] = await run(2, conversation);
    const id = (answer = '') => /chatcmpl-\w+/.exec(answer)?.[0];
    expect(new Set([id(one), id(again), id(andAgain), id(other)]).size).toBe(4);
  });

  it('tells the same time always, unless it is told the time', async () => {
    const created = (text: string) => Number(JSON.parse(text).created) * 1_000;
    const whole = ask('Hi', { stream: false });
    const { text } = await postChat(await start({}), whole);
    expect(created(text)).toBe(Date.parse('2026-01-01T00:00:00Z'));
    await simulator?.close();
    const now = await postChat(await start({ time: 'now' }), whole);
    expect(Date.now() - created(now.text)).toBeLessThan(60_000);
  });
});

it('is told which rule answered', async () => {
  const told: string[] = [];
  simulator = await startSimulator(
    parseScript({ rules: [{ when: { message: 'a' }, reply: 'A' }] }, 'script'),
    {},
    ({ path }, by) => told.push(`${path} ${by}`),
  );
  const { url } = simulator;
  await postChat(url, ask('a'));
  await postChat(url, ask('b'));
  await postChat(url, ask('c', { model: 'no-such' }));
  await readAll(await send('GET', `${url}/models`));
  await readAll(await send('GET', `${url}/files`));
  expect(told).toEqual([
    '/v1/chat/completions rules[0]',
    '/v1/chat/completions greeting',
    expect.stringMatching(/completions strict: The model `no-such` does not exist/),
    '/v1/models models',
    '/v1/files batches',
  ]);
  expect(events((await postChat(url, ask('a'))).text).length).toBeGreaterThan(2);
});
