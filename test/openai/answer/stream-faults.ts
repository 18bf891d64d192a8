import { expect } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { aCall } from '../../support/events.ts';
import {
  type Behaviour,
  cutAfter,
  errorBodyWith200,
  errorEvent,
  hugeEvent,
  malformedEvent,
  resetAfter,
} from '../../support/upstream/index.ts';
import { abortListeners, openUpstream, readAll, sse, textOf } from '../open-upstream.ts';

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

export const HUNG_UP = 'The upstream hung up before its answer was complete.';
const CLOSED = 'The upstream closed the connection before its answer was complete.';
export const UNREADABLE = 'The upstream sent an answer that cannot be read.';
const NO_STREAM = 'The upstream answered with something that is not a stream of events.';

export interface StreamFault {
  readonly behaviour: Behaviour;
  readonly reason: ErrorReason;
  readonly message?: string;
  /** What is delivered before. */
  readonly text?: string;
}

/** What can go wrong with an answer under 200, over whichever API it was asked for. */
export const STREAM_FAULTS: Readonly<Record<string, StreamFault>> = {
  'the body ends without a finish reason': {
    behaviour: cutAfter(2),
    reason: 'NETWORK_ERROR',
    message: HUNG_UP,
    text: 'word1 word2 ',
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
  'the answer is an error as JSON': {
    behaviour: errorBodyWith200({ code: 'context_length_exceeded' }),
    reason: 'CONTEXT_TOO_LONG',
  },
  'the answer is JSON that is cut': {
    behaviour: body('application/json', '{"error":{"code":"inva'),
    reason: 'SERVICE_UNAVAILABLE',
    message: UNREADABLE,
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

/** Has the call answered so, with events of at most 200,000 bytes. */
export async function expectFault(
  fault: StreamFault,
  call: Call = aCall({ attempt: 1 }),
): Promise<void> {
  const { stub, upstream } = await openUpstream(fault.behaviour, { maxEventBytes: 200_000 });
  const { events, error } = await readAll((emit) => upstream.answer(call, emit));
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
  expect(abortListeners(call.signal)).toBe(0);
}
