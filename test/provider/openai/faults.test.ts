import { describe, expect, it } from '@jest/globals';
import type { ErrorReason } from '../../../src/provider/error-kinds.ts';
import { aCall } from '../../support/events.ts';
import {
  type Behaviour,
  cutAfter,
  errorBodyWith200,
  errorEvent,
  httpError,
  hugeEvent,
  jsonInsteadOfSse,
  malformedEvent,
  resetAfter,
  resetBeforeHeaders,
} from '../../support/upstream/index.ts';
import { abortListeners, chunk, openUpstream, readAll, sse, textOf } from './open-upstream.ts';

/** A body of any kind under 200. */
function body(
  contentType: string | undefined,
  text: string,
  finish: 'end' | 'reset' = 'end',
): Behaviour {
  return (exchange) => {
    const headers = { 'x-request-id': exchange.request.requestId };
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    exchange.res.writeHead(200, { ...headers, ...type });
    if (text !== '') exchange.raw(text);
    exchange[finish]();
  };
}

const HUNG_UP = 'The upstream hung up before its answer was complete.';
const CLOSED = 'The upstream closed the connection before its answer was complete.';
const UNREADABLE = 'The upstream sent an answer that cannot be read.';
const NO_STREAM = 'The upstream answered with something that is not a stream of events.';

interface Fault {
  readonly behaviour: Behaviour;
  readonly reason: ErrorReason;
  readonly message?: string;
  /** What is delivered before. */
  readonly text?: string;
}

const FAULTS: Record<string, Fault> = {
  'the body ends without a finish reason': {
    behaviour: cutAfter(2),
    reason: 'NETWORK_ERROR',
    message: HUNG_UP,
    text: 'word1 word2 ',
  },
  'the stream says [DONE] without a finish reason': {
    behaviour: sse(chunk({ content: 'half' }), '[DONE]'),
    reason: 'NETWORK_ERROR',
    message: HUNG_UP,
    text: 'half',
  },
  'the connection closes in the middle of the body': {
    behaviour: cutAfter(2, { abrupt: true }),
    reason: 'NETWORK_ERROR',
    message: CLOSED,
    text: 'word1 word2 ',
  },
  'the connection is reset': { behaviour: resetAfter(2), reason: 'NETWORK_ERROR', message: CLOSED },
  'the body is empty': { behaviour: sse(), reason: 'NETWORK_ERROR', message: HUNG_UP },
  'an event is truncated JSON': {
    behaviour: malformedEvent(2),
    reason: 'SERVICE_UNAVAILABLE',
    message: UNREADABLE,
    text: 'word1 word2 ',
  },
  'a chunk has the wrong types': {
    behaviour: sse({ choices: 'none' }),
    reason: 'SERVICE_UNAVAILABLE',
    message: UNREADABLE,
  },
  'an error comes as data': {
    behaviour: errorEvent(1, { code: 'rate_limit_exceeded', type: 'requests' }),
    reason: 'RATE_LIMIT_EXCEEDED',
    text: 'word1 ',
  },
  'an error comes as an event of that name': {
    behaviour: errorEvent(1, { code: 'server_error' }, 'event'),
    reason: 'SERVICE_UNAVAILABLE',
    text: 'word1 ',
  },
  'an event named error is the error itself': {
    behaviour: body('text/event-stream', 'event: error\ndata: {"code":"insufficient_quota"}\n\n'),
    reason: 'QUOTA_EXCEEDED',
  },
  'an event is too large': {
    behaviour: hugeEvent(300_000),
    reason: 'SERVICE_UNAVAILABLE',
    message: 'The upstream sent an event that is too large.',
  },
  'the answer is JSON instead of a stream': {
    behaviour: jsonInsteadOfSse(),
    reason: 'SERVICE_UNAVAILABLE',
    message: NO_STREAM,
  },
  'the answer is an error as JSON': {
    behaviour: errorBodyWith200({ code: 'context_length_exceeded' }),
    reason: 'CONTEXT_TOO_LONG',
  },
  'the answer is JSON that is cut': {
    behaviour: body('application/json', '{"error":{"code":"inva'),
    reason: 'SERVICE_UNAVAILABLE',
    message: NO_STREAM,
  },
  'the answer is empty JSON': {
    behaviour: body('application/problem+json', ''),
    reason: 'NETWORK_ERROR',
    message: HUNG_UP,
  },
  'the answer has no media type and no body': {
    behaviour: body(undefined, ''),
    reason: 'NETWORK_ERROR',
    message: HUNG_UP,
  },
  'the answer is a web page': {
    behaviour: body('text/html', '<html>'),
    reason: 'SERVICE_UNAVAILABLE',
    message: NO_STREAM,
  },
};

describe('a fault of the upstream', () => {
  it.each(Object.entries(FAULTS))('fails the answer when %s', async (_what, fault) => {
    const { stub, upstream } = await openUpstream(fault.behaviour, { maxEventBytes: 200_000 });
    const { signal } = new AbortController();
    const call = aCall({ signal, attempt: 1 });
    const { events, error } = await readAll(upstream.answer(call));
    expect(error).toMatchObject({ reason: fault.reason });
    if (fault.message !== undefined) expect(error?.message).toBe(fault.message);
    if (fault.text !== undefined) expect(textOf(events)).toBe(fault.text);
    expect(events.map((event) => event.type)).not.toContain('completed');
    const requestId = stub.requests[0]?.requestId;
    expect(error?.facts).toMatchObject({
      model: 'gpt-test',
      upstreamStatus: 200,
      upstreamRequestId: requestId,
    });
    expect(call.record.upstreamRequestId).toBe(requestId);
    expect(abortListeners(signal)).toBe(0);
  });

  it('tells a refusal with status, request id and delay', async () => {
    const refusal = httpError(429, {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': '2' },
    });
    const { stub, upstream } = await openUpstream(refusal);
    const { events, error } = await readAll(upstream.answer(aCall()));
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

  it('reads an endless error body no further than it needs', async () => {
    const { stub, upstream } = await openUpstream(async (exchange) => {
      exchange.headers(500, { 'content-type': 'text/plain' });
      while (!exchange.signal.aborted) {
        if (!exchange.raw('x'.repeat(10_000))) await exchange.writable();
      }
    });
    const { error } = await readAll(upstream.answer(aCall()));
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
    const { error } = await readAll(upstream.answer(aCall()));
    expect(error).toMatchObject({ reason: 'INVALID_API_KEY', facts: { upstreamStatus: 401 } });
  });

  it('knows no status when the connection breaks before the headers', async () => {
    const { upstream } = await openUpstream(resetBeforeHeaders());
    const { error } = await readAll(upstream.answer(aCall()));
    expect(error).toMatchObject({ reason: 'NETWORK_ERROR', facts: { model: 'gpt-test' } });
    expect(error?.facts).not.toHaveProperty('upstreamStatus');
  });

  it('says that a port is closed', async () => {
    const { stub, upstream } = await openUpstream(() => {});
    await stub.close();
    const { error } = await readAll(upstream.answer(aCall()));
    expect(error).toMatchObject({
      reason: 'NETWORK_ERROR',
      message: 'The upstream refused the connection.',
    });
  });

  it('reports a request that cannot be built as a bug, without its text', async () => {
    const { stub, upstream } = await openUpstream(() => {}, {
      defaultHeaders: { 'x-bad': 'line\nbreak' },
    });
    const { error } = await readAll(upstream.answer(aCall()));
    expect(error?.reason).toBe('INTERNAL');
    expect(stub.requests).toEqual([]);
  });
});
