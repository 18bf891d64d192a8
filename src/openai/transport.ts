import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Exchange } from './exchange.ts';

export interface HttpRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names and values in turn, which undici takes without looking for pairs. */
  readonly headers: string[];
  /** A stream is read as the connection takes it. */
  readonly body: string | Readable | null;
}

export interface TransportOptions {
  /** For DNS, TCP and TLS together, in ms: a backstop below the attempt's own time-outs. */
  readonly connectTimeoutMs: number;
}

/**
 * How long an idle connection is kept if the server does not say, in ms. Longer saves handshakes on
 * quiet Pods; shorter makes it rarer that a server closes one just as it is used again.
 */
const KEEP_ALIVE_MS = 30_000;

/**
 * Sends requests over kept-alive HTTP/1.1 connections, one exchange at a time on each and as many
 * as there are exchanges. Not HTTP/2: there, a slow reader and a lost packet hold up its neighbours.
 * Opens nothing before the first request.
 */
export class Transport {
  readonly #agent: Agent;
  readonly #connect: buildConnector.connector;
  /** The exchange whose dispatch is running, to which a socket that it opens belongs. */
  #dispatching: Exchange | undefined;

  constructor(options: TransportOptions) {
    this.#connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false });
    this.#agent = new Agent({
      connect: (target, callback) => this.#open(target, callback),
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The attempt's time-outs hold; two more below them would only blur which one fired.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Sends at once, unless the exchange or its signal was ended before. */
  send(request: HttpRequest, exchange: Exchange): void {
    if (!exchange.begin()) return;
    this.#dispatching = exchange;
    try {
      this.#agent.dispatch(request satisfies Dispatcher.DispatchOptions, exchange);
    } finally {
      this.#dispatching = undefined;
    }
  }

  /** Breaks all connections; running exchanges fail. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** undici connects inside dispatch() and offers no way to call off a connect; the socket does. */
  #open(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const socket: unknown = this.#connect(target, callback);
    if (socket instanceof Socket) this.#dispatching?.connectingOn(socket);
  }
}
