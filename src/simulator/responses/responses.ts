import { httpError, sendJson } from '../answers/json.ts';
import type { Behaviour, ServerExchange } from '../answers/server-exchange.ts';
import { isResponsesRequest } from '../wire/responses-wire.ts';
import { Foreground } from './foreground.ts';
import { Generation } from './generation.ts';
import { StoredResponse } from './stored-response.ts';
import { View, type ViewFault } from './view.ts';

/** What a connection is about on which a response is told. */
export interface ViewAsked {
  readonly response: StoredResponse;
  /** The event behind which it begins; undefined: the response was asked for on it. */
  readonly startingAfter?: number;
}

const PATH = /^\/v1\/responses\/([^/?]+)(\/cancel)?(?:\?(.*))?$/;

/** For how long a response can be streamed. https://github.com/openai/openai-python/issues/2828 */
const STREAMABLE_MS = 5 * 60_000;

/** The oldest beyond them is forgotten. */
const MAX_STORED = 10_000;

/**
 * The responses that OpenAI keeps: those that run in the background, and others that were not asked
 * with `store: false`. https://developers.openai.com/api/docs/guides/background
 */
export class SimulatedResponses {
  /** By id, until they are deleted. */
  readonly stored = new Map<string, StoredResponse>();
  readonly #now: () => number;
  /** What becomes of a connection. Default: nothing. */
  faultOf: (asked: ViewAsked) => ViewFault | undefined = () => undefined;
  /** In ms. */
  streamableMs = STREAMABLE_MS;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A response that is kept, or was. */
  handles(path: string): boolean {
    return PATH.test(path);
  }

  /** Answers as `answer` does, in the background if the request says so. */
  keeping(answer: Behaviour): Behaviour {
    return async (exchange) => {
      const { request } = exchange;
      const { body } = request;
      if (!isResponsesRequest(request) || (body.store === false && body.background !== true)) {
        return answer(exchange);
      }
      const stored = new StoredResponse(request, this.#now());
      if (body.background !== true) {
        this.#keep(stored);
        const foreground = new Foreground(exchange);
        try {
          await answer(foreground);
        } finally {
          if (foreground.isTaken) stored.finish(foreground.response);
          else this.stored.delete(stored.id);
        }
        return;
      }
      try {
        await answer(new Generation(exchange, stored, () => this.#begin(exchange, stored)));
      } catch (error) {
        if (!stored.signal.aborted) throw error;
      }
    };
  }

  readonly behaviour: Behaviour = (exchange) => {
    const { method, path, headers } = exchange.request;
    const [, id = '', cancel, query = ''] = PATH.exec(path) ?? [];
    const stored = this.stored.get(id);
    if (stored === undefined || stored.owner !== headers.authorization) {
      return notFound(id)(exchange);
    }
    if (cancel !== undefined && method === 'POST') return cancelled(stored)(exchange);
    if (cancel === undefined && method === 'DELETE') {
      this.stored.delete(id);
      return sendJson(exchange, 200, { id, object: 'response.deleted', deleted: true });
    }
    if (cancel !== undefined || method !== 'GET') return httpError(405)(exchange);
    const asked = new URLSearchParams(query);
    if (asked.get('stream') !== 'true') return sendJson(exchange, 200, stored.object);
    return this.#stream(stored, asked.get('starting_after'))(exchange);
  };

  /** Nothing is generated any more. */
  close(): void {
    for (const stored of this.stored.values()) stored.stop();
  }

  #keep(stored: StoredResponse): void {
    this.stored.set(stored.id, stored);
    if (this.stored.size <= MAX_STORED) return;
    const [oldest] = this.stored.values();
    oldest?.stop();
    this.stored.delete(oldest?.id ?? '');
  }

  #begin(exchange: ServerExchange, stored: StoredResponse): void {
    this.#keep(stored);
    if (stored.isStreamed) this.#show(exchange, { response: stored });
    else sendJson(exchange, 200, stored.object);
  }

  #stream(stored: StoredResponse, after: string | null): Behaviour {
    if (!stored.runsInBackground || !stored.isStreamed) {
      return httpError(400, {
        message: 'This response cannot be streamed: it was not created with background and stream.',
      });
    }
    if (after !== null && !/^\d+$/.test(after)) {
      return httpError(400, { message: 'Invalid value.', param: 'starting_after' });
    }
    if (this.#now() - stored.createdAt > this.streamableMs) {
      return httpError(400, {
        message: 'This response can no longer be streamed because it is more than 5 minutes old.',
      });
    }
    const startingAfter = after === null ? -1 : Number(after);
    return (exchange) => this.#show(exchange, { response: stored, startingAfter });
  }

  #show(exchange: ServerExchange, asked: ViewAsked): void {
    const view = new View(exchange, this.faultOf(asked));
    asked.response.show(view, asked.startingAfter ?? -1);
  }
}

function cancelled(stored: StoredResponse): Behaviour {
  if (!stored.runsInBackground) {
    return httpError(400, { message: 'Only background responses can be cancelled.' });
  }
  stored.cancel();
  return (exchange) => sendJson(exchange, 200, stored.object);
}

function notFound(id: string): Behaviour {
  return httpError(404, { message: `Response with id '${id}' not found.` });
}
