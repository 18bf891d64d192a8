import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isResponsesRequest } from './responses-wire.ts';
import type { ChatRequest, ChatUsage } from './wire.ts';

/** A request as it arrived, and what became of it. Times are milliseconds since the epoch. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query: `/v1/chat/completions`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** `bytes` as UTF-8. */
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

/** What of a request its id is made of. */
export type Arrival = Pick<RecordedRequest, 'method' | 'path' | 'bytes'>;

export interface RecordOptions {
  /** Epoch ms, for what is recorded. */
  readonly now: () => number;
  /** Epoch ms, for what answers say. Default: when the request arrived. */
  readonly date?: () => number;
  /** What is in the ids of the answer. Default: a random UUID without hyphens. */
  readonly identify?: (arrival: Arrival) => string;
}

/** Milliseconds since the epoch, with fractions, never running backwards. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts the record of a request whose body has arrived, and hands out what ends it. */
export function recordRequest(
  message: IncomingMessage,
  bytes: Buffer,
  arrivedAt: number,
  { now, date, identify = randomId }: RecordOptions,
): { request: RecordedRequest; markClosed: (by: 'client' | 'server') => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { method = '', url: path = '', headers } = message;
  const id = identify({ method, path, bytes });
  const receivedAt = date?.() ?? arrivedAt;
  const request = new Arrived({ method, path, headers, bytes, id, receivedAt, closed: promise });
  const markClosed = (by: 'client' | 'server'): void => {
    request.closedAt = now();
    request.closedBy = by;
    resolve();
  };
  return { request, markClosed };
}

type Given = Pick<
  RecordedRequest,
  'method' | 'path' | 'headers' | 'bytes' | 'receivedAt' | 'closed'
> & { readonly id: string };

/** Reads its body only for whoever looks: files are large, and no JSON. */
class Arrived implements RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly requestId: string;
  readonly completionId: string;
  readonly receivedAt: number;
  readonly closed: Promise<void>;
  firstByteAt?: number;
  closedAt?: number;
  closedBy?: 'client' | 'server';
  bytesWritten = 0;
  chunksWritten = 0;
  sentUsage?: ChatUsage;
  #text: string | undefined;
  #parsed: ParsedBody | undefined;

  constructor({ method, path, headers, bytes, id, receivedAt, closed }: Given) {
    this.method = method;
    this.path = path;
    this.headers = headers;
    this.bytes = bytes;
    this.requestId = `req_${id}`;
    this.completionId = isResponsesRequest({ path }) ? `resp_${id}` : `chatcmpl-${id}`;
    this.receivedAt = receivedAt;
    this.closed = closed;
  }

  get rawBody(): string {
    this.#text ??= this.bytes.toString();
    return this.#text;
  }

  get body(): ChatRequest {
    return this.#parse().body;
  }

  get wellFormed(): boolean {
    return this.#parse().wellFormed;
  }

  #parse(): ParsedBody {
    this.#parsed ??= parseBody(this.rawBody);
    return this.#parsed;
  }
}

type ParsedBody = Pick<RecordedRequest, 'body' | 'wellFormed'>;

function randomId(): string {
  return randomUUID().replaceAll('-', '');
}

function parseBody(rawBody: string): ParsedBody {
  if (rawBody === '') return { body: {}, wellFormed: true };
  try {
    return { body: JSON.parse(rawBody), wellFormed: true };
  } catch {
    return { body: {}, wellFormed: false };
  }
}
