import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerExchange } from '../../../src/simulator/answers/server-exchange.ts';
import { SimulatedResponses } from '../../../src/simulator/responses/responses.ts';
import {
  answer,
  cutAfter,
  httpError,
  resetAfter,
  type StubUpstream,
  startStubUpstream,
} from '../../support/upstream/index.ts';
import { type RawAnswer, readAll, send } from '../../support-tests/post-chat.ts';

const CREATED = Date.UTC(2026, 0, 1);
const BACKGROUND = { background: true, stream: true };

let stub: StubUpstream;
let now: number;
let stopped = false;
beforeEach(async () => {
  now = CREATED;
  stopped = false;
  stub = await startStubUpstream({ now: () => now });
});
afterEach(async () => {
  if (!stopped) await stub.close();
});

const open = (fields: object, headers = {}) => {
  const body = JSON.stringify({ model: 'gpt-5.4', input: 'Hi', ...fields });
  return send('POST', `${stub.url}/responses`, body, headers);
};
const ask = async (fields: object, headers = {}): Promise<RawAnswer> =>
  readAll(await open(fields, headers));
const call = async (method: string, path: string, headers = {}): Promise<RawAnswer> =>
  readAll(await send(method, `${stub.url}/responses/${path}`, '', headers));

const idOf = (text: string) => /"id":\s*"(resp_\w+)"/.exec(text)?.[1] ?? '';
const errorOf = ({ status, text }: RawAnswer) => [status, JSON.parse(text).error.message];
const statusOf = async (id: string) => JSON.parse((await call('GET', id)).text).status;

describe('a response that is kept', () => {
  it('is there for its owner', async () => {
    const headers = { authorization: 'Bearer mine' };
    const id = idOf((await ask({}, headers)).text);
    expect((await call('GET', id, headers)).status).toBe(200);
    for (const others of [{}, { authorization: 'Bearer other' }]) {
      expect(errorOf(await call('GET', id, others))).toEqual([
        404,
        `Response with id '${id}' not found.`,
      ]);
    }
  });

  it.each([{}, { stream: true }])('says what was answered: %j', async (fields) => {
    stub.enqueue(answer({ text: 'Kept.' }));
    const { text } = await ask(fields);
    const { status, output } = JSON.parse((await call('GET', idOf(text))).text);
    expect([status, output[0].content[0].text]).toEqual(['completed', 'Kept.']);
  });

  it('is in progress where the answer broke, and is not there where it was refused', async () => {
    stub.enqueue(cutAfter(1), httpError(500));
    const { text } = await ask({ stream: true });
    expect(await statusOf(idOf(text))).toBe('in_progress');
    await ask({});
    expect(stub.responses.stored.size).toBe(1);
  });

  it('is not, where it was asked for with store: false', async () => {
    const id = idOf((await ask({ store: false })).text);
    expect((await call('GET', id)).status).toBe(404);
    expect(stub.responses.stored.size).toBe(0);
  });

  it('is there until it is deleted', async () => {
    const id = idOf((await ask(BACKGROUND)).text);
    const deleted = await call('DELETE', id);
    expect(JSON.parse(deleted.text)).toEqual({ id, object: 'response.deleted', deleted: true });
    expect((await call('GET', id)).status).toBe(404);
  });

  it('runs in the background in spite of store: false', async () => {
    const id = idOf((await ask({ ...BACKGROUND, store: false })).text);
    expect(await statusOf(id)).toBe('completed');
  });

  it.each([
    ['PUT', ''],
    ['GET', '/cancel'],
    ['DELETE', '/cancel'],
  ])('does not know %s%s', async (method, action) => {
    const id = idOf((await ask(BACKGROUND)).text);
    expect((await call(method, `${id}${action}`)).status).toBe(405);
    expect(await statusOf(id)).toBe('completed');
  });

  it('is forgotten when 10,000 newer ones are kept', async () => {
    const responses = new SimulatedResponses(() => now);
    const keep = responses.keeping(() => {});
    for (let n = 0; n <= 10_000; n += 1) {
      const request = { path: '/v1/responses', body: {}, headers: {}, completionId: `resp_${n}` };
      await keep({ request } as unknown as ServerExchange);
    }
    expect(responses.stored.size).toBe(10_000);
    expect([responses.stored.has('resp_0'), responses.stored.has('resp_1')]).toEqual([false, true]);
  });
});

describe('a response in the background', () => {
  it('is told at once, and answers later where it is not streamed', async () => {
    stub.enqueue(async (exchange) => {
      exchange.headers();
      await exchange.delay(1);
      await answer({ text: 'Later.' })(exchange);
    });
    const { text } = await ask({ background: true });
    expect(JSON.parse(text).status).toBe('queued');
    const id = idOf(text);
    while ((await statusOf(id)) === 'queued') await sleep(1);
    expect(JSON.parse((await call('GET', id)).text).output[0].content[0].text).toBe('Later.');
  });

  it('is streamed again, from behind an event', async () => {
    const whole = (await ask(BACKGROUND)).text;
    const id = idOf(whole);
    expect((await call('GET', `${id}?stream=true`)).text).toBe(whole);
    const rest = await call('GET', `${id}?stream=true&starting_after=2`);
    expect(whole.endsWith(rest.text)).toBe(true);
    expect(rest.text).toContain('"sequence_number":3');
    expect(rest.text).not.toContain('"sequence_number":2,');
  });

  const NOT_STREAMED =
    'This response cannot be streamed: it was not created with background and stream.';
  it.each([
    ['in the foreground', { stream: true }, '', 0, NOT_STREAMED],
    ['without a stream', { background: true }, '', 0, NOT_STREAMED],
    ['behind no number', BACKGROUND, '&starting_after=x', 0, 'Invalid value.'],
    [
      'after 5 minutes',
      BACKGROUND,
      '',
      300_001,
      'This response can no longer be streamed because it is more than 5 minutes old.',
    ],
  ])('is not streamed again: %s', async (_, fields, query, ageMs, message) => {
    const id = idOf((await ask(fields)).text);
    now += ageMs;
    expect(errorOf(await call('GET', `${id}?stream=true${query}`))).toEqual([400, message]);
  });

  it.each([
    ['as its answer', httpError(429, { message: 'Wait.' })],
    [
      'with a head of its own',
      (exchange: ServerExchange) => {
        exchange.head(429, 'Slow', [['content-type', 'application/json']]);
        exchange.raw('{"error":{"message":"Wait."}}');
        exchange.end();
      },
    ],
  ])('is refused %s, and not kept', async (_, refusal) => {
    stub.enqueue(refusal);
    expect(errorOf(await ask(BACKGROUND))).toEqual([429, 'Wait.']);
    expect(stub.responses.stored.size).toBe(0);
  });

  it('breaks the connections of all who listen, and is there still', async () => {
    stub.enqueue(cutAfter(1, { abrupt: true }, { deltas: ['one', 'two'] }));
    const { text, broken } = await ask(BACKGROUND);
    expect(broken).toBe('ECONNRESET');
    expect(text).toContain('"delta":"one"');
    expect((await call('GET', idOf(text))).status).toBe(200);
  });

  it.each([
    ['cut', cutAfter(1, { abrupt: true })],
    ['reset', resetAfter(1)],
  ])('leaves alone a connection that broke before: %s', async (_, behaviour) => {
    stub.responses.faultOf = () => ({ afterBytes: 0, how: 'cut' });
    stub.enqueue(behaviour);
    const { text, broken } = await ask(BACKGROUND);
    expect([text, broken]).toEqual(['', 'ECONNRESET']);
    expect(stub.responses.stored.size).toBe(1);
  });

  it.each(['cut', 'reset', 'silence'] as const)('is not told further: %s', async (how) => {
    stub.responses.faultOf = ({ startingAfter }) =>
      startingAfter === undefined ? { afterBytes: 400, how } : undefined;
    const message = await open(BACKGROUND);
    let id = '';
    if (how === 'silence') {
      id = idOf(String((await message[Symbol.asyncIterator]().next()).value));
      expect(message.complete).toBe(false);
    } else {
      const { text, broken } = await readAll(message);
      expect([text.length, broken]).toEqual([400, 'ECONNRESET']);
      id = idOf(text);
    }
    expect((await call('GET', `${id}?stream=true`)).text).toContain('response.completed');
  });

  it('is cancelled while it runs, and stays so', async () => {
    stub.enqueue(answer({ deltas: ['one', 'two'], paceMs: 3_600_000 }));
    const message = await open(BACKGROUND);
    const first = String((await message[Symbol.asyncIterator]().next()).value);
    const id = idOf(first);
    for (let n = 0; n < 2; n += 1) {
      const { status, text } = await call('POST', `${id}/cancel`);
      expect([status, JSON.parse(text).status]).toEqual([200, 'cancelled']);
    }
    expect(await statusOf(id)).toBe('cancelled');
  });

  it('that has ended is not cancelled', async () => {
    const id = idOf((await ask(BACKGROUND)).text);
    expect(JSON.parse((await call('POST', `${id}/cancel`)).text).status).toBe('completed');
  });

  it('is cancelled only there', async () => {
    const id = idOf((await ask({})).text);
    expect(errorOf(await call('POST', `${id}/cancel`))).toEqual([
      400,
      'Only background responses can be cancelled.',
    ]);
  });

  it('breaks off where what answers it throws, and whoever closes the stub hears of it', async () => {
    stub.enqueue(() => {
      throw new Error('a wrong test');
    });
    await expect(ask(BACKGROUND)).rejects.toMatchObject({ code: 'ECONNRESET' });
    stopped = true;
    await expect(stub.close()).rejects.toThrow('a wrong test');
  });
});
