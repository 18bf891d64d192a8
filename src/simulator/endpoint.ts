import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Behaviour, HttpExchange } from './answers/server-exchange.ts';
import {
  epochMs,
  type RecordedRequest,
  type RecordOptions,
  recordRequest,
} from './wire/recorded-request.ts';

export interface EndpointOptions extends Partial<RecordOptions> {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Chooses what answers a request, as soon as its body has arrived. */
  readonly route: (request: RecordedRequest) => Behaviour;
  /** Is called before the connections are destroyed. */
  readonly onClose?: () => void;
}

/** An HTTP server that answers each request as the chosen behaviour does. */
export interface Endpoint {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  openConnections(): number;
  /** Destroys all connections. Rejects with the first error that a behaviour threw. */
  close(): Promise<void>;
}

/** OpenAI takes files of 200 MiB. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const endpoint = new HttpEndpoint(options);
  await endpoint.listen();
  return endpoint;
}

class HttpEndpoint implements Endpoint {
  readonly #server = createServer({ keepAliveTimeout: 0 }, this.#listener());
  readonly #sockets = new Set<Socket>();
  readonly #exchanges = new Set<HttpExchange>();
  readonly #failures: unknown[] = [];
  readonly #options: EndpointOptions;
  readonly #host: string;
  readonly #now: () => number;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#host = options.host ?? '127.0.0.1';
    this.#now = options.now ?? epochMs;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(this.#options.port ?? 0, this.#host, resolve);
    return promise;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `http://${host}:${this.port}/v1`;
  }

  openConnections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    this.#options.onClose?.();
    for (const exchange of this.#exchanges) exchange.abandon();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Reads the body before it passes the request on. */
  #listener(): RequestListener {
    return (message, res) => {
      const receivedAt = this.#now();
      const pieces: Buffer[] = [];
      let bytes = 0;
      message.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
        else if (!res.headersSent) res.writeHead(413, { connection: 'close' }).end();
      });
      message.on('end', () => {
        if (bytes <= MAX_BODY_BYTES) this.#answer(message, res, Buffer.concat(pieces), receivedAt);
      });
    };
  }

  #answer(message: IncomingMessage, res: ServerResponse, body: Buffer, receivedAt: number): void {
    const options = { ...this.#options, now: this.#now };
    const { request, markClosed } = recordRequest(message, body, receivedAt, options);
    const onClosed = (by: 'client' | 'server'): void => {
      this.#exchanges.delete(exchange);
      markClosed(by);
    };
    const exchange = new HttpExchange(request, res, onClosed, this.#now);
    this.#exchanges.add(exchange);
    void this.#run(exchange);
  }

  async #run(exchange: HttpExchange): Promise<void> {
    try {
      await this.#options.route(exchange.request)(exchange);
    } catch (error) {
      // That a wait ended because the client left is what waits are for.
      if (exchange.signal.aborted) return;
      this.#failures.push(error);
      exchange.reset();
    }
  }
}
