import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answer } from './answer.ts';
import { StubBatches } from './batches.ts';
import { type Behaviour, ServerExchange } from './exchange.ts';
import { httpError, keyRefused, listModels } from './json.ts';
import { epochMs, type RecordedRequest, recordRequest } from './recorded-request.ts';
import type { StubModel } from './wire.ts';

export interface StubUpstreamOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** What answers a chat request when nothing is queued. Default `answer()`. */
  readonly script?: Behaviour;
  /** The key that requests must bring. Default: any, or none. */
  readonly apiKey?: string;
  /** The time, in epoch ms, by which requests are recorded. Default: the system's. */
  readonly now?: () => number;
  /** Default true. False keeps no requests, for load that would fill the memory with them. */
  readonly keepRequests?: boolean;
}

/** An OpenAI-compatible endpoint on 127.0.0.1 that does as it is told. */
export interface StubUpstream {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  /** Requests to `/chat/completions` and `/responses`, in order of their arrival. */
  readonly requests: readonly RecordedRequest[];
  /** All the others: the model list, and what the stub does not know. */
  readonly otherRequests: readonly RecordedRequest[];
  /** The next chat requests take these, one each; those after them take the default. */
  enqueue(...behaviours: Behaviour[]): void;
  setDefault(behaviour: Behaviour): void;
  /** From now on requests must bring one of these keys. */
  setApiKeys(...keys: string[]): void;
  /** What `GET /v1/models` lists. */
  models: readonly StubModel[];
  setModelsBehaviour(behaviour: Behaviour): void;
  openConnections(): number;
  /** The n-th of `requests`, counted from 1. Rejects if the stub closes first. */
  waitForRequest(n: number): Promise<RecordedRequest>;
  /** Its Files and Batch APIs. */
  readonly batches: StubBatches;
  /** Destroys all connections. Rejects with the first error that a behaviour threw. */
  close(): Promise<void>;
}

const DEFAULT_MODELS: readonly StubModel[] = [
  { id: 'gpt-4o', shutdown_date: '2027-01-14' },
  { id: 'gpt-4o-mini', shutdown_date: '2027-01-14' },
  { id: 'gpt-5.4' },
  { id: 'gpt-6-sol' },
];

const GENERATING = new Set(['/v1/chat/completions', '/v1/responses']);

export async function startStubUpstream(options: StubUpstreamOptions = {}): Promise<StubUpstream> {
  const stub = new Stub(options);
  await stub.listen(options.port ?? 0);
  return stub;
}

class Stub implements StubUpstream {
  readonly requests: RecordedRequest[] = [];
  readonly otherRequests: RecordedRequest[] = [];
  models = DEFAULT_MODELS;
  readonly #server = createServer({ keepAliveTimeout: 0 }, this.#listener());
  readonly batches = new StubBatches(() => this.#now());
  readonly #sockets = new Set<Socket>();
  readonly #exchanges = new Set<ServerExchange>();
  readonly #waiting = new Set<{ n: number; seen: PromiseWithResolvers<RecordedRequest> }>();
  readonly #options: StubUpstreamOptions;
  readonly #queue: Behaviour[] = [];
  readonly #failures: unknown[] = [];
  readonly #now: () => number;
  #default: Behaviour;
  #apiKeys: readonly string[] | undefined;
  #models: Behaviour = listModels(() => this.models);

  constructor(options: StubUpstreamOptions) {
    this.#options = options;
    this.#now = options.now ?? epochMs;
    this.#default = options.script ?? answer();
    if (options.apiKey !== undefined) this.#apiKeys = [options.apiKey];
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    return promise;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }

  enqueue(...behaviours: Behaviour[]): void {
    this.#queue.push(...behaviours);
  }

  setDefault(behaviour: Behaviour): void {
    this.#default = behaviour;
  }

  setApiKeys(...keys: string[]): void {
    this.#apiKeys = keys;
  }

  setModelsBehaviour(behaviour: Behaviour): void {
    this.#models = behaviour;
  }

  openConnections(): number {
    return this.#sockets.size;
  }

  waitForRequest(n: number): Promise<RecordedRequest> {
    const seen = Promise.withResolvers<RecordedRequest>();
    const request = this.requests[n - 1];
    if (request === undefined) this.#waiting.add({ n, seen });
    else seen.resolve(request);
    return seen.promise;
  }

  async close(): Promise<void> {
    for (const { seen } of this.#waiting) seen.reject(new Error('the stub upstream closed'));
    for (const exchange of this.#exchanges) exchange.abandon();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Batches read their requests themselves, whose bodies are large. */
  #listener(): RequestListener {
    const others = listener(this.#answer.bind(this), () => this.#now());
    return (message, res) => {
      const { authorization } = message.headers;
      const known = !this.#apiKeys?.every((key) => authorization !== `Bearer ${key}`);
      if (!known || !this.batches.handles(message.url ?? '')) others(message, res);
      else this.batches.handle(message, res).catch((error) => this.#failures.push(error));
    };
  }

  #answer(message: IncomingMessage, res: ServerResponse, body: string, receivedAt: number): void {
    const { request, markClosed } = recordRequest(message, body, receivedAt, this.#now);
    const onClosed = (by: 'client' | 'server'): void => {
      this.#exchanges.delete(exchange);
      markClosed(by);
    };
    const exchange = new ServerExchange(request, res, onClosed, this.#now);
    this.#exchanges.add(exchange);
    if (this.#options.keepRequests !== false) this.#keep(request);
    void this.#run(this.#behaviourFor(request), exchange);
  }

  #keep(request: RecordedRequest): void {
    if (!generates(request)) {
      this.otherRequests.push(request);
      return;
    }
    const count = this.requests.push(request);
    for (const waiter of this.#waiting) {
      if (waiter.n !== count) continue;
      this.#waiting.delete(waiter);
      waiter.seen.resolve(request);
    }
  }

  #behaviourFor(request: RecordedRequest): Behaviour {
    const { authorization } = request.headers;
    if (this.#apiKeys?.every((key) => authorization !== `Bearer ${key}`)) {
      return keyRefused(authorization);
    }
    if (!request.wellFormed) {
      return httpError(400, { message: 'We could not parse the JSON body of your request.' });
    }
    if (generates(request)) return this.#queue.shift() ?? this.#default;
    if (request.method === 'GET' && withoutQuery(request.path) === '/v1/models')
      return this.#models;
    return httpError(404, { message: `Invalid URL (${request.method} ${request.path})` });
  }

  async #run(behaviour: Behaviour, exchange: ServerExchange): Promise<void> {
    try {
      await behaviour(exchange);
    } catch (error) {
      // That a wait ended because the client left is what waits are for.
      if (exchange.signal.aborted) return;
      this.#failures.push(error);
      exchange.reset();
    }
  }
}

function generates({ method, path }: RecordedRequest): boolean {
  return method === 'POST' && GENERATING.has(withoutQuery(path));
}

/** Reads the body before it passes the request on. */
function listener(
  answer: (message: IncomingMessage, res: ServerResponse, body: string, receivedAt: number) => void,
  now: () => number,
): RequestListener {
  return (message, res) => {
    const receivedAt = now();
    let body = '';
    message.setEncoding('utf8');
    message.on('data', (text: string) => {
      body += text;
    });
    message.on('end', () => answer(message, res, body, receivedAt));
  };
}

/** Azure asks for its API version there. */
function withoutQuery(path: string): string {
  return path.replace(/\?.*$/, '');
}
