import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ChatRequest, ChatUsage } from './wire.ts';

/** A request as it arrived, and what became of it. Times are milliseconds since the epoch. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query: `/v1/chat/completions`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  /** The parsed body; empty if there was none, or none that is JSON. */
  readonly body: ChatRequest;
  /** Whether the body was JSON, or absent. */
  readonly wellFormed: boolean;
  /** The `x-request-id` of the answer. */
  readonly requestId: string;
  /** The `id` of the answer's chunks or body. */
  readonly completionId: string;
  /** When the head of the request had arrived. */
  readonly receivedAt: number;
  /** When the first byte of the answer's body was written; headers do not count. */
  firstByteAt?: number;
  closedAt?: number;
  /** `client`: the connection went away before the behaviour had finished. */
  closedBy?: 'client' | 'server';
  /** Settles when the exchange is over, whoever ended it. */
  readonly closed: Promise<void>;
  /** Bytes of the answer's body, without headers and chunk framing. */
  bytesWritten: number;
  /** Chunk events, those of role, finish reason and usage included. */
  chunksWritten: number;
  /** The usage that was reported, if any was. */
  sentUsage?: ChatUsage;
}

/** Milliseconds since the epoch, with fractions, never running backwards. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Starts the record of a request whose body has arrived, and hands out what ends it.
 *
 * @param now epoch ms
 */
export function recordRequest(
  message: IncomingMessage,
  rawBody: string,
  receivedAt: number,
  now: () => number,
): { request: RecordedRequest; markClosed: (by: 'client' | 'server') => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const id = randomUUID().replaceAll('-', '');
  const request: RecordedRequest = {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    rawBody,
    ...parseBody(rawBody),
    requestId: `req_${id}`,
    completionId: message.url === '/v1/responses' ? `resp_${id}` : `chatcmpl-${id}`,
    receivedAt,
    closed: promise,
    bytesWritten: 0,
    chunksWritten: 0,
  };
  const markClosed = (by: 'client' | 'server'): void => {
    request.closedAt = now();
    request.closedBy = by;
    resolve();
  };
  return { request, markClosed };
}

function parseBody(rawBody: string): { body: ChatRequest; wellFormed: boolean } {
  if (rawBody === '') return { body: {}, wellFormed: true };
  try {
    return { body: JSON.parse(rawBody), wellFormed: true };
  } catch {
    return { body: {}, wellFormed: false };
  }
}
