import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { type ChatUsage, COMMON_HEADERS, type Delta } from '../wire/wire.ts';
import { Answering } from './answering.ts';

/** Decides how one request is answered. Returning without `end` leaves the connection open. */
export type Behaviour = (exchange: ServerExchange) => void | Promise<void>;

/** One request and the means to answer it. Writing after the client left does nothing. */
export interface ServerExchange {
  readonly request: RecordedRequest;
  readonly res: ServerResponse;
  /** Aborts when the connection goes away before the behaviour has finished. */
  readonly signal: AbortSignal;
  /** Sends status (default 200) and headers (default: an event stream's) at once; later calls do nothing. */
  headers(status?: number, headers?: OutgoingHttpHeaders): void;
  /** Sends a head as it is, without a header of the simulator's own. */
  head(
    status: number,
    statusMessage: string,
    headers: readonly (readonly [string, string])[],
  ): void;
  chunk(delta: Delta, finishReason?: string): void;
  /** Default: plausible figures. Sends nothing unless the request asked for usage. */
  usage(usage?: ChatUsage): void;
  /** Sends `[DONE]`, or what ends an answer over the API that was asked. */
  done(): void;
  /** Sends bytes of the body as they are, after the default headers if there were none. False: wait for `writable` before sending more. */
  raw(data: string | Buffer): boolean;
  /** Ends the answer as HTTP wants it. */
  end(): void;
  /** Closes the connection after what was written: the end comes in the middle of the body. */
  cut(): void;
  /** Resets the connection (RST) after what was written. */
  reset(): void;
  /** Settles when the socket takes more, on a later turn of the event loop. Rejects when the client left. */
  writable(): Promise<void>;
  /** Waits `ms` milliseconds. Rejects when the client left. */
  delay(ms: number): Promise<void>;
}

export class HttpExchange extends Answering implements ServerExchange {
  readonly request: RecordedRequest;
  readonly res: ServerResponse;
  readonly #left = new AbortController();
  readonly #now: () => number;
  #finished = false;

  constructor(
    request: RecordedRequest,
    res: ServerResponse,
    markClosed: (by: 'client' | 'server') => void,
    now: () => number,
  ) {
    super();
    this.request = request;
    this.res = res;
    this.#now = now;
    res.once('close', () => {
      markClosed(this.#finished ? 'server' : 'client');
      if (!this.#finished) this.#left.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#left.signal;
  }

  headers(status = 200, headers: OutgoingHttpHeaders = {}): void {
    if (this.res.headersSent || this.res.destroyed) return;
    this.res.writeHead(status, {
      'content-type': 'text/event-stream; charset=utf-8',
      date: new Date(this.request.receivedAt).toUTCString(),
      'x-request-id': this.request.requestId,
      ...COMMON_HEADERS,
      ...headers,
    });
    this.res.flushHeaders();
  }

  head(
    status: number,
    statusMessage: string,
    headers: readonly (readonly [string, string])[],
  ): void {
    if (this.res.headersSent || this.res.destroyed) return;
    this.res.sendDate = false;
    this.res.writeHead(status, statusMessage, headers.flat());
    this.res.flushHeaders();
  }

  raw(data: string | Buffer): boolean {
    if (this.res.destroyed) return false;
    if (!this.res.headersSent) this.headers();
    this.request.firstByteAt ??= this.#now();
    this.request.bytesWritten += Buffer.byteLength(data);
    return this.res.write(data);
  }

  end(): void {
    this.#finished = true;
    this.res.end();
  }

  cut(): void {
    this.#afterWrites((socket) => socket.destroy());
  }

  reset(): void {
    this.#afterWrites((socket) => socket.resetAndDestroy());
  }

  async writable(): Promise<void> {
    if (this.res.writableNeedDrain) await this.#drained();
    // A socket that never refuses would otherwise keep the event loop from everything else.
    await nextTurn(undefined, { signal: this.signal });
  }

  async delay(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal });
  }

  /** Ends the exchange on the stub's own account, when it closes. */
  abandon(): void {
    this.#finished = true;
    this.#left.abort();
  }

  /** Closing at once would lose what this turn wrote, since HTTP responses hold it until its end. */
  #afterWrites(close: (socket: Socket) => void): void {
    this.#finished = true;
    const { socket } = this.res;
    socket?.write('', () => close(socket));
  }

  #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.res.once('drain', resolve).once('close', resolve);
    return promise.finally(() => this.res.off('drain', resolve).off('close', resolve));
  }
}
