import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { holdClosedPort } from '../../support/closed-port.ts';
import { aCall } from '../../support/events.ts';
import { answer, httpError, resetBeforeHeaders } from '../../support/upstream/index.ts';
import { expectFault, HUNG_UP, UNREADABLE } from '../answer/stream-faults.ts';
import { chunk, openUpstream, readAll, sse } from '../open-upstream.ts';

describe('a fault of the upstream', () => {
  it('fails an answer that says [DONE] without a finish reason', async () => {
    await expectFault({
      behaviour: sse(chunk({ content: 'half' }), '[DONE]'),
      reason: 'NETWORK_ERROR',
      message: HUNG_UP,
      text: 'half',
    });
  });

  it('fails an answer with a chunk that has the wrong types', async () => {
    await expectFault({
      behaviour: sse({ choices: 'none' }),
      reason: 'SERVICE_UNAVAILABLE',
      message: UNREADABLE,
    });
  });

  it('tells a refusal with status, request id and delay', async () => {
    const refusal = httpError(429, {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': '2' },
    });
    const { stub, upstream } = await openUpstream(refusal);
    const { events, error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(events).toEqual([]);
    expect(error).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      facts: {
        upstreamStatus: 429,
        upstreamRequestId: stub.requests[0]?.requestId,
        retryAfterMs: 2000,
      },
    });
  });

  it('tells a connection that breaks when it is used again from one that breaks at once', async () => {
    const { stub, upstream } = await openUpstream(resetBeforeHeaders());
    const fresh = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(fresh.error).toMatchObject({ reason: 'NETWORK_ERROR' });
    expect(fresh.error).not.toHaveProperty('facts.staleConnection');
    stub.enqueue(answer({ text: 'kept' }));
    expect((await readAll((emit) => upstream.answer(aCall(), emit))).error).toBeUndefined();
    await stub.requests[1]?.closed;
    // The end of the body is on its way; the connection is free behind it.
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
    const reused = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(reused.error).toMatchObject({
      reason: 'NETWORK_ERROR',
      facts: { staleConnection: true },
    });
  });

  it('reads an endless error body no further than it needs', async () => {
    const { stub, upstream } = await openUpstream(async (exchange) => {
      exchange.headers(500, { 'content-type': 'text/plain' });
      while (!exchange.signal.aborted) {
        if (!exchange.raw('x'.repeat(10_000))) await exchange.writable();
      }
    });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toMatchObject({ reason: 'SERVICE_UNAVAILABLE', facts: { upstreamStatus: 500 } });
    const request = await stub.waitForRequest(1);
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it('keeps to the refusal although its body breaks off', async () => {
    const { upstream } = await openUpstream(async (exchange) => {
      exchange.headers(401, { 'content-type': 'application/json' });
      exchange.raw('{"error":');
      await exchange.writable();
      exchange.cut();
    });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toMatchObject({ reason: 'INVALID_API_KEY', facts: { upstreamStatus: 401 } });
  });

  it('knows no status when the connection breaks before the headers', async () => {
    const { upstream } = await openUpstream(resetBeforeHeaders());
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toMatchObject({ reason: 'NETWORK_ERROR', facts: { model: 'gpt-test' } });
    expect(error?.facts).not.toHaveProperty('upstreamStatus');
  });

  it('says that a port is closed', async () => {
    const { port, release } = await holdClosedPort();
    const { upstream } = await openUpstream(() => {}, { baseUrl: `http://127.0.0.1:${port}/v1` });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    await release();
    expect(error).toMatchObject({
      reason: 'NETWORK_ERROR',
      message: 'The upstream refused the connection.',
    });
  });

  it('reports a request that cannot be built as a bug, without its text', async () => {
    const { stub, upstream } = await openUpstream(() => {}, {
      defaultHeaders: { 'x-bad': 'line\nbreak' },
    });
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error?.reason).toBe('INTERNAL');
    expect(stub.requests).toEqual([]);
  });
});
