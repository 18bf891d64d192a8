import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  answer,
  cutAfter,
  drip,
  endless,
  errorBodyWith200,
  errorEvent,
  firstTokenAfter,
  garbageAfterDone,
  headersThenSilence,
  httpError,
  hugeEvent,
  jsonInsteadOfSse,
  malformedEvent,
  noDone,
  resetAfter,
  resetBeforeHeaders,
  type StubUpstream,
  silent,
  stallAfter,
  startStubUpstream,
} from '../support/upstream/index.ts';
import { contentOf, events, openChat, postChat, readAll, STREAM_WITH_USAGE } from './post-chat.ts';

let stub: StubUpstream;
beforeEach(async () => {
  stub = await startStubUpstream();
});
afterEach(() => stub.close());

describe('before the answer', () => {
  it('resets the connection', async () => {
    stub.setDefault(resetBeforeHeaders());
    await expect(postChat(stub.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(stub.requests[0]).toMatchObject({ closedBy: 'server', bytesWritten: 0 });
  });

  it('stays silent until the stub closes', async () => {
    stub.setDefault(silent());
    const refused = expect(postChat(stub.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    const request = await stub.waitForRequest(1);
    expect(stub.openConnections()).toBe(1);
    expect(request.closedAt).toBeUndefined();
    await stub.close();
    await refused;
    await request.closed;
    expect(request.closedBy).toBe('server');
    stub = await startStubUpstream();
  });

  it('sends headers and nothing after them', async () => {
    stub.setDefault(headersThenSilence());
    const message = await openChat(stub.url);
    expect(message.headers['content-type']).toContain('text/event-stream');
    const request = await stub.waitForRequest(1);
    expect(request.firstByteAt).toBeUndefined();
    message.destroy();
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it("answers errors in OpenAI's shape", async () => {
    const headers = { 'retry-after': '7' };
    stub.enqueue(
      httpError(429, { code: 'rate_limit_exceeded', type: 'tokens', message: 'Slow', headers }),
      httpError(503),
    );
    const limited = await postChat(stub.url);
    expect(limited).toMatchObject({ status: 429, headers });
    expect(limited.headers['x-request-id']).toBe(stub.requests[0]?.requestId);
    const error = { message: 'Slow', type: 'tokens', param: null, code: 'rate_limit_exceeded' };
    expect(JSON.parse(limited.text)).toEqual({ error });
    expect(JSON.parse((await postChat(stub.url)).text).error.type).toBe('server_error');
  });

  it('answers a request for a stream with JSON, good or bad, under status 200', async () => {
    stub.enqueue(jsonInsteadOfSse(), errorBodyWith200({ code: 'overloaded' }), errorBodyWith200());
    const good = await postChat(stub.url);
    expect(good.headers['content-type']).toBe('application/json');
    expect(JSON.parse(good.text).choices[0].message.content).toBe('Hello from the stub.');
    const bad = await postChat(stub.url);
    expect(bad.status).toBe(200);
    expect(JSON.parse(bad.text).error.code).toBe('overloaded');
    expect(JSON.parse((await postChat(stub.url)).text).error.code).toBeNull();
  });
});

describe('in the middle of the answer', () => {
  it('ends the body as HTTP wants it, without a finish reason', async () => {
    stub.setDefault(cutAfter(2));
    const { text, broken } = await postChat(stub.url);
    expect(broken).toBeUndefined();
    expect(contentOf(text)).toBe('word1 word2 ');
    expect(text).not.toContain('"finish_reason":"');
  });

  it('closes the connection after what was written', async () => {
    stub.setDefault(cutAfter(2, { abrupt: true }));
    const { text, broken } = await postChat(stub.url);
    expect(broken).toBe('ECONNRESET');
    expect(contentOf(text)).toBe('word1 word2 ');
  });

  it('resets the connection after what was written', async () => {
    stub.setDefault(resetAfter(2));
    const message = await openChat(stub.url);
    const { text, broken } = await readAll(message);
    expect(broken).toBe('ECONNRESET');
    expect(contentOf(text)).toBe('word1 word2 ');
    expect(stub.requests[0]?.closedBy).toBe('server');
  });

  it.each([
    ['stalls', stallAfter(1), 'word1 '],
    ['holds back [DONE]', noDone(1), '"finish_reason":"stop"'],
  ])('%s with the connection open', async (_, behaviour, shown) => {
    stub.setDefault(behaviour);
    const message = await openChat(stub.url);
    let text = '';
    for await (const piece of message) {
      text += piece;
      if (text.includes(shown)) break;
    }
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
    expect(text).not.toContain('[DONE]');
  });

  it('sends an event of truncated JSON and goes on', async () => {
    stub.setDefault(malformedEvent(1));
    const { text } = await postChat(stub.url);
    expect(() => events(text)).toThrow(SyntaxError);
    expect(text).toMatch(/"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/s);
  });

  it('ends well but for [DONE]', async () => {
    stub.setDefault(noDone(1, { end: true }));
    const { text } = await postChat(stub.url, STREAM_WITH_USAGE);
    expect(events(text).at(-1)?.usage?.completion_tokens).toBe(1);
    expect(text).not.toContain('[DONE]');
  });

  it('sends more after [DONE]', async () => {
    stub.setDefault(garbageAfterDone());
    expect((await postChat(stub.url)).text).toMatch(/data: \[DONE\]\n\n.*after the end.*not json/s);
  });

  it('sends an error as data or as an event of its own', async () => {
    const fields = { code: 'server_error', message: 'Broken' };
    stub.enqueue(errorEvent(1, fields), errorEvent(0, fields, 'event'));
    const data =
      'data: {"error":{"message":"Broken","type":"server_error","param":null,"code":"server_error"}}\n\n';
    expect((await postChat(stub.url)).text.endsWith(`\n\n${data}`)).toBe(true);
    expect((await postChat(stub.url)).text.endsWith(`\n\nevent: error\n${data}`)).toBe(true);
  });

  it('sends one huge event', async () => {
    stub.setDefault(hugeEvent(2_000_000));
    const { text } = await postChat(stub.url);
    expect(contentOf(text)).toHaveLength(2_000_000);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

describe('timing', () => {
  it('holds the first token back until it is triggered', async () => {
    const trigger = Promise.withResolvers<void>();
    stub.setDefault(firstTokenAfter(trigger.promise, { text: 'late' }));
    const message = await openChat(stub.url);
    expect((await stub.waitForRequest(1)).bytesWritten).toBe(0);
    trigger.resolve();
    expect(contentOf((await readAll(message)).text)).toBe('late');
  });

  it('writes nothing if the client left before the trigger', async () => {
    const trigger = Promise.withResolvers<void>();
    stub.setDefault(firstTokenAfter(trigger.promise));
    (await openChat(stub.url)).destroy();
    const request = await stub.waitForRequest(1);
    await request.closed;
    trigger.resolve();
    await trigger.promise;
    expect(request.bytesWritten).toBe(0);
  });

  it('drips bytes, split inside characters, at a tick in milliseconds', async () => {
    stub.setDefault(drip(7, 0));
    const { text, pieces } = await postChat(stub.url);
    expect(contentOf(text)).toBe('Grüße aus 東京 und von 👩‍🚀 – voilà.');
    expect(pieces.some((piece) => piece.toString().includes('\uFFFD'))).toBe(true);
  });

  it('drips once per tick, and the rest when the ticks end', async () => {
    async function* ticks(): AsyncGenerator<void> {
      yield;
      yield;
    }
    stub.setDefault(drip(3, ticks(), { text: 'tick tock' }));
    const { text } = await postChat(stub.url);
    expect(text.startsWith('data: ')).toBe(true);
    expect(contentOf(text)).toBe('tick tock');
  });

  it('ends a wait when the client leaves', async () => {
    stub.setDefault(drip(7, 2 ** 30));
    (await openChat(stub.url)).destroy();
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request).toMatchObject({ closedBy: 'client', bytesWritten: 0 });
  });

  it('stops writing an endless answer while nobody reads, and goes on when somebody does', async () => {
    stub.setDefault(endless({ deltaBytes: 64 * 1024 }));
    const message = await openChat(stub.url);
    const request = await stub.waitForRequest(1);
    const full = await settledBytes(() => request.bytesWritten);
    expect(full).toBeGreaterThan(0);

    let read = 0;
    for await (const piece of message) {
      read += piece.length;
      if (read > full) break;
    }
    await request.closed;
    expect(request.bytesWritten).toBeGreaterThan(full);
    expect(request).toMatchObject({ closedBy: 'client' });
  });

  it('reaches the end of a long answer through back-pressure', async () => {
    const deltas = Array.from({ length: 200 }, () => 'x'.repeat(10_000));
    stub.setDefault(answer({ deltas }));
    expect(contentOf((await postChat(stub.url)).text)).toHaveLength(2_000_000);
  });
});

/** The count, once turns of the event loop no longer change it. */
async function settledBytes(count: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 200; same += 1) {
    if (count() !== last) same = 0;
    last = count();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}
