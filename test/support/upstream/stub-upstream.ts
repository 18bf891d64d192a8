import { answer } from '../../../src/simulator/answers/answer.ts';
import {
  keyRefused,
  listModels,
  notJson,
  unknownUrl,
} from '../../../src/simulator/answers/json.ts';
import type { Behaviour } from '../../../src/simulator/answers/server-exchange.ts';
import { SimulatedBatches } from '../../../src/simulator/batches/batches.ts';
import { type Endpoint, startEndpoint } from '../../../src/simulator/endpoint.ts';
import { SimulatedResponses } from '../../../src/simulator/responses/responses.ts';
import { isGenerating, modelAsked } from '../../../src/simulator/wire/paths.ts';
import { epochMs, type RecordedRequest } from '../../../src/simulator/wire/recorded-request.ts';
import type { ListedModel } from '../../../src/simulator/wire/wire.ts';

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

/** The simulator's endpoint in the hands of a test, which says what comes next and sees what came. */
export interface StubUpstream {
  /** `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  /** Requests to `/chat/completions` and `/responses`, in order of their arrival. */
  readonly requests: readonly RecordedRequest[];
  /** All the others but those for files and batches: the model list, and what the stub does not know. */
  readonly otherRequests: readonly RecordedRequest[];
  /** The next chat requests take these, one each; those after them take the default. */
  enqueue(...behaviours: Behaviour[]): void;
  setDefault(behaviour: Behaviour): void;
  /** From now on requests must bring one of these keys. */
  setApiKeys(...keys: string[]): void;
  /** What `GET /v1/models` lists. */
  models: readonly ListedModel[];
  setModelsBehaviour(behaviour: Behaviour): void;
  openConnections(): number;
  /** The n-th of `requests`, counted from 1. Rejects if the stub closes first. */
  waitForRequest(n: number): Promise<RecordedRequest>;
  /** Its Files and Batch APIs. */
  readonly batches: SimulatedBatches;
  /** What it keeps of its Responses API. */
  readonly responses: SimulatedResponses;
  /** Destroys all connections. Rejects with the first error that a behaviour threw. */
  close(): Promise<void>;
}

const DEFAULT_MODELS: readonly ListedModel[] = [
  { id: 'gpt-4o', shutdown_date: '2027-01-14' },
  { id: 'gpt-4o-mini', shutdown_date: '2027-01-14' },
  { id: 'gpt-5.4' },
  { id: 'gpt-6-sol' },
];

export async function startStubUpstream(options: StubUpstreamOptions = {}): Promise<StubUpstream> {
  const stub = new Stub(options);
  await stub.listen(options.port ?? 0);
  return stub;
}

class Stub implements StubUpstream {
  readonly requests: RecordedRequest[] = [];
  readonly otherRequests: RecordedRequest[] = [];
  models = DEFAULT_MODELS;
  readonly batches: SimulatedBatches;
  readonly responses: SimulatedResponses;
  readonly #waiting = new Set<{ n: number; seen: PromiseWithResolvers<RecordedRequest> }>();
  readonly #queue: Behaviour[] = [];
  readonly #now: () => number;
  readonly #keepRequests: boolean;
  #default: Behaviour;
  #apiKeys: readonly string[] | undefined;
  #models: Behaviour = listModels(() => this.models);
  #endpoint: Endpoint | undefined;

  constructor({ now = epochMs, script = answer(), apiKey, keepRequests }: StubUpstreamOptions) {
    this.#now = now;
    this.#keepRequests = keepRequests ?? true;
    this.#default = script;
    if (apiKey !== undefined) this.#apiKeys = [apiKey];
    this.batches = new SimulatedBatches(now);
    this.responses = new SimulatedResponses(now);
  }

  async listen(port: number): Promise<void> {
    const route = (request: RecordedRequest): Behaviour => this.#route(request);
    this.#endpoint = await startEndpoint({ port, now: this.#now, route });
  }

  get port(): number {
    return this.#listening.port;
  }

  get url(): string {
    return this.#listening.url;
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
    return this.#listening.openConnections();
  }

  waitForRequest(n: number): Promise<RecordedRequest> {
    const seen = Promise.withResolvers<RecordedRequest>();
    const request = this.requests[n - 1];
    if (request === undefined) this.#waiting.add({ n, seen });
    else seen.resolve(request);
    return seen.promise;
  }

  close(): Promise<void> {
    for (const { seen } of this.#waiting) seen.reject(new Error('the stub upstream closed'));
    this.responses.close();
    return this.#listening.close();
  }

  get #listening(): Endpoint {
    if (this.#endpoint === undefined) throw new Error('the stub upstream does not listen');
    return this.#endpoint;
  }

  #route(request: RecordedRequest): Behaviour {
    const { authorization } = request.headers;
    const known = !this.#apiKeys?.every((key) => authorization !== `Bearer ${key}`);
    if (known && this.batches.handles(request.path)) return this.batches.behaviour;
    if (this.#keepRequests) this.#keep(request);
    if (!known) return keyRefused(authorization);
    if (!request.wellFormed) return notJson();
    if (this.responses.handles(request.path)) return this.responses.behaviour;
    if (isGenerating(request)) return this.responses.keeping(this.#queue.shift() ?? this.#default);
    return modelAsked(request) === '' ? this.#models : unknownUrl(request);
  }

  #keep(request: RecordedRequest): void {
    if (!isGenerating(request)) {
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
}
