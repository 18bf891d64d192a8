import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  answer,
  byModel,
  httpError,
  type StubUpstream,
  startStubUpstream,
} from '../support/upstream/index.ts';
import {
  contentOf,
  deltas,
  events,
  openChat,
  postChat,
  STREAM,
  STREAM_WITH_USAGE,
} from './post-chat.ts';

let stub: StubUpstream;
beforeEach(async () => {
  stub = await startStubUpstream();
});
afterEach(() => stub.close());

describe('a streamed answer', () => {
  it('sends a role chunk, the deltas, the finish reason and [DONE]', async () => {
    stub.setDefault(answer({ deltas: ['one ', 'two'] }));
    const { status, text } = await postChat(stub.url);
    const [request] = stub.requests;

    expect(status).toBe(200);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
    expect(events(text).map((event) => event.choices[0])).toEqual([
      choice({ role: 'assistant', content: '', refusal: null }),
      choice({ content: 'one ' }),
      choice({ content: 'two' }),
      choice({}, 'stop'),
    ]);
    expect(events(text)[1]).toEqual({
      id: request?.completionId,
      object: 'chat.completion.chunk',
      created: Math.floor((request?.receivedAt ?? 0) / 1000),
      model: 'gpt-5.4',
      service_tier: 'default',
      system_fingerprint: 'fp_stub',
      choices: [choice({ content: 'one ' })],
    });
  });

  it('sends usage in a last chunk without choices, and null before it, once it is asked for', async () => {
    const { text } = await postChat(stub.url, STREAM_WITH_USAGE);
    const usages = events(text).map((event) => event.usage);
    const last = events(text).at(-1);

    expect(usages.slice(0, -1).every((usage) => usage === null)).toBe(true);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toEqual({
      prompt_tokens: 4,
      completion_tokens: 5,
      total_tokens: 9,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    });
    expect(stub.requests[0]?.sentUsage).toEqual(last?.usage);
  });

  it("brings OpenAI's headers", async () => {
    stub.setDefault(answer({ headers: { 'x-ratelimit-remaining-requests': '7' } }));
    const { headers } = await postChat(stub.url);

    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': stub.requests[0]?.requestId,
      'openai-processing-ms': '42',
      'x-ratelimit-limit-tokens': '2000000',
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '6ms',
    });
  });

  it('says what it is told to about its origin, and can leave out [DONE]', async () => {
    const identity = { model: 'm-2026', serviceTier: 'flex', systemFingerprint: 'fp_1' };
    stub.setDefault(answer({ ...identity, finishReason: 'length', sendDone: false }));
    const { text } = await postChat(stub.url);

    const fields = { model: 'm-2026', service_tier: 'flex', system_fingerprint: 'fp_1' };
    expect(events(text).at(-1)).toMatchObject(fields);
    expect(events(text).at(-1)?.choices).toEqual([choice({}, 'length')]);
    expect(text).not.toContain('[DONE]');
  });

  it('streams reasoning in the field that is asked for, before the text', async () => {
    stub.enqueue(
      answer({ reasoning: { text: 'let me' }, text: 'ok' }),
      answer({ reasoning: { text: 'see', field: 'reasoning' }, text: 'ok' }),
    );
    expect(deltas((await postChat(stub.url)).text)).toEqual([
      { reasoning_content: 'let' },
      { reasoning_content: ' me' },
      { content: 'ok' },
    ]);
    expect(deltas((await postChat(stub.url)).text)).toEqual([
      { reasoning: 'see' },
      { content: 'ok' },
    ]);
  });

  it('paces its deltas with the same bytes', async () => {
    stub.enqueue(answer({ deltas: ['a', 'b', 'c'], paceMs: 1 }), answer({ deltas: [], paceMs: 1 }));
    expect(contentOf((await postChat(stub.url)).text)).toBe('abc');
    expect(deltas((await postChat(stub.url)).text)).toEqual([]);
  });

  it('stops pacing when the client leaves', async () => {
    stub.setDefault(answer({ deltas: ['a', 'b'], paceMs: 2 ** 30 }));
    const message = await openChat(stub.url);
    await once(message, 'data');
    message.destroy();
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request).toMatchObject({ closedBy: 'client', chunksWritten: 2 });
  });
});

describe('the record', () => {
  it('keeps what came in and counts what went out', async () => {
    const before = performance.timeOrigin + performance.now();
    const { text } = await postChat(stub.url, STREAM_WITH_USAGE);
    const request = await stub.waitForRequest(1);
    await request.closed;

    expect(request).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      rawBody: JSON.stringify(STREAM_WITH_USAGE),
      body: STREAM_WITH_USAGE,
      closedBy: 'server',
      bytesWritten: Buffer.byteLength(text),
      chunksWritten: events(text).length,
    });
    const { receivedAt, firstByteAt, closedAt } = request;
    const times = [before, receivedAt, firstByteAt ?? 0, closedAt ?? 0];
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
  });

  it('gives the n-th request to those who wait for it', async () => {
    const second = stub.waitForRequest(2);
    await postChat(stub.url, { ...STREAM, model: 'a' });
    await postChat(stub.url, { ...STREAM, model: 'b' });
    expect((await second).body.model).toBe('b');
  });

  it('refuses those who still wait when the stub closes', async () => {
    const other = await startStubUpstream();
    const waiting = expect(other.waitForRequest(1)).rejects.toThrow('closed');
    await other.close();
    await waiting;
  });

  it('stays empty if it is not wanted', async () => {
    const other = await startStubUpstream({ keepRequests: false });
    await postChat(other.url);
    expect(other.requests).toEqual([]);
    await other.close();
  });
});

describe('the script', () => {
  it('sends the default headers with the first chunk if a behaviour sent none', async () => {
    stub.setDefault((exchange) => {
      exchange.chunk({ content: 'own' });
      exchange.end();
    });
    const { headers, text } = await postChat(stub.url);
    expect(headers['content-type']).toContain('text/event-stream');
    expect(contentOf(text)).toBe('own');
  });

  it('gives queued behaviours out in order, one per request, then the default', async () => {
    stub.setDefault(answer({ text: 'default' }));
    stub.enqueue(answer({ text: 'first' }), answer({ text: 'second' }));
    const texts: string[] = [];
    for (let n = 0; n < 3; n += 1) texts.push(contentOf((await postChat(stub.url)).text));
    expect(texts).toEqual(['first', 'second', 'default']);
  });

  it('chooses by model', async () => {
    stub.setDefault(byModel({ a: httpError(503) }, answer({ text: 'else' })));
    expect((await postChat(stub.url, { ...STREAM, model: 'a' })).status).toBe(503);
    expect(contentOf((await postChat(stub.url, { ...STREAM, model: 'b' })).text)).toBe('else');
    expect(contentOf((await postChat(stub.url, { stream: true })).text)).toBe('else');
  });

  it('reports the error of a behaviour when it closes', async () => {
    const script = () => Promise.reject(new Error('a slip in the script'));
    const other = await startStubUpstream({ script });
    await expect(postChat(other.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(other.close()).rejects.toThrow('a slip in the script');
  });
});

function choice(delta: object, finishReason: string | null = null): object {
  return { index: 0, delta, logprobs: null, finish_reason: finishReason };
}
