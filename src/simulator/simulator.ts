import {
  httpError,
  keyRefused,
  notJson,
  sendJson,
  UNREADABLE,
  unknownUrl,
} from './answers/json.ts';
import type { Behaviour } from './answers/server-exchange.ts';
import type { BatchRequestLine, LineOutcome } from './batches/batch-results.ts';
import { SimulatedBatches } from './batches/batches.ts';
import { type Endpoint, startEndpoint } from './endpoint.ts';
import { seededIds } from './identify.ts';
import { SimulatedResponses } from './responses/responses.ts';
import { Rules } from './script/rules.ts';
import type { Script } from './script/schema.ts';
import { type Subject, subjectOf } from './script/subject.ts';
import type { Rejection } from './strict/strict-error.ts';
import { isGenerating, modelAsked } from './wire/paths.ts';
import { epochMs, type RecordedRequest } from './wire/recorded-request.ts';
import { isResponsesRequest } from './wire/responses-wire.ts';
import {
  errorFields,
  isChatRequest,
  type ListedModel,
  modelList,
  modelObject,
} from './wire/wire.ts';

export interface Place {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** Hears what answers each request: `rules[2]`, `greeting`, `models`, … */
export type Tell = (request: RecordedRequest, answeredBy: string) => void;

type Check = (request: Pick<RecordedRequest, 'path' | 'body'>) => Rejection | undefined;

/** An OpenAI-compatible endpoint that answers as a script says: the same requests, the same bytes. */
export async function startSimulator(
  script: Script,
  place: Place = {},
  tell: Tell = () => {},
): Promise<Endpoint> {
  const date = script.time === 'now' ? epochMs : fixed(Date.parse(script.time));
  const router = new Router(script, await strictCheck(script, date), date);
  return startEndpoint({
    ...place,
    date,
    identify: seededIds(script.seed),
    onClose: () => router.close(),
    route: (request) => {
      const { by, behaviour } = router.route(request);
      tell(request, by);
      return behaviour;
    },
  });
}

function fixed(time: number): () => number {
  return () => time;
}

/** Loaded only where it is wanted: it knows the tokens of a large vocabulary. */
async function strictCheck({ strict }: Script, date: () => number): Promise<Check> {
  if (!strict) return () => undefined;
  const { rejectionOf } = await import('./strict/strict.ts');
  return (request) => rejectionOf(request, new Date(date()).toISOString().slice(0, 10));
}

interface Routed {
  readonly by: string;
  readonly behaviour: Behaviour;
}

class Router {
  readonly #script: Script;
  readonly #rules: Rules;
  readonly #check: Check;
  readonly #batches: SimulatedBatches;
  readonly #responses = new SimulatedResponses(epochMs);

  constructor(script: Script, check: Check, date: () => number) {
    this.#script = script;
    this.#check = check;
    this.#rules = new Rules(script.rules);
    this.#batches = new SimulatedBatches(epochMs, date);
    const { validate, work, cancel } = script.batches;
    this.#batches.set({
      validateMs: validate,
      workMs: work,
      cancelMs: cancel,
      outcome: (line) => this.#outcome(line),
    });
  }

  route(request: RecordedRequest): Routed {
    if (!this.#knows(request)) return { by: 'no such key', behaviour: keyRefused(bearer(request)) };
    if (this.#batches.handles(request.path)) {
      return { by: 'batches', behaviour: this.#batches.behaviour };
    }
    if (this.#responses.handles(request.path)) {
      return { by: 'kept responses', behaviour: this.#responses.behaviour };
    }
    if (!request.wellFormed) return { by: 'no JSON', behaviour: notJson() };
    if (isGenerating(request)) return this.#generate(request);
    const model = modelAsked(request);
    if (model !== undefined) return { by: 'models', behaviour: this.#models(model) };
    return { by: 'no such path', behaviour: unknownUrl(request) };
  }

  close(): void {
    this.#responses.close();
  }

  #knows(request: RecordedRequest): boolean {
    const { apiKeys } = this.#script;
    if (apiKeys === undefined) return true;
    const given = [bearer(request)?.replace(/^Bearer\s+/i, ''), request.headers['api-key']];
    return apiKeys.some((key) => given.includes(key));
  }

  #generate(request: RecordedRequest): Routed {
    const rejection = this.#check(request);
    if (rejection !== undefined) {
      const by = `strict: ${rejection.message}`;
      return { by, behaviour: httpError(rejection.status, rejection.fields) };
    }
    // It is JSON, but nothing can be read of it. The strict check says what it is.
    if (!isChatRequest(request.body)) return { by: 'no JSON', behaviour: notJson() };
    const api = isResponsesRequest(request) ? 'responses' : 'chat_completions';
    const { name, behaviour } = this.#rules.choose(subjectOf(request.body, api));
    return { by: name, behaviour: this.#responses.keeping(behaviour) };
  }

  #models(asked: string): Behaviour {
    const models = this.#script.models.map(listed);
    if (asked === '') return (exchange) => sendJson(exchange, 200, modelList(models));
    const model = models.find(({ id }) => id === asked);
    if (model !== undefined) return (exchange) => sendJson(exchange, 200, modelObject(model));
    const message = `The model '${asked}' does not exist`;
    return httpError(404, { message, param: 'model', code: 'model_not_found' });
  }

  #outcome(line: BatchRequestLine): LineOutcome {
    const rejection = this.#check({ path: line.url, body: line.body });
    if (rejection !== undefined) {
      return { status: rejection.status, error: errorFields(rejection.status, rejection.fields) };
    }
    if (!isChatRequest(line.body)) return { status: 400, error: errorFields(400, UNREADABLE) };
    return this.#rules.outcome(line, subjectOf(line.body, 'batch' satisfies Subject['api']));
  }
}

function bearer({ headers }: RecordedRequest): string | undefined {
  return headers.authorization;
}

function listed(model: Script['models'][number]): ListedModel {
  return 'shutdownDate' in model
    ? { id: model.id, shutdown_date: model.shutdownDate }
    : { id: model.id };
}
