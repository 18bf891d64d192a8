import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Answering } from '../answers/answering.ts';
import type { ServerExchange } from '../answers/server-exchange.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import type { StoredResponse } from './stored-response.ts';

/**
 * An answer that is given to a stored response, whoever listens, and whether anybody does. Only a refusal
 * goes to the connection on which it was asked for.
 */
export class Generation extends Answering implements ServerExchange {
  readonly request: RecordedRequest;
  readonly #asking: ServerExchange;
  readonly #stored: StoredResponse;
  readonly #begin: () => void;
  #refuses: boolean | undefined;

  /** @param begin is called when the request is taken */
  constructor(asking: ServerExchange, stored: StoredResponse, begin: () => void) {
    super();
    this.request = asking.request;
    this.#asking = asking;
    this.#stored = stored;
    this.#begin = begin;
  }

  get res(): ServerResponse {
    return this.#asking.res;
  }

  get signal(): AbortSignal {
    return this.#stored.signal;
  }

  headers(status = 200, headers?: OutgoingHttpHeaders): void {
    if (this.#refuses !== undefined) return;
    this.#refuses = status !== 200;
    if (this.#refuses) this.#asking.headers(status, headers);
    else this.#begin();
  }

  head(
    status: number,
    statusMessage: string,
    headers: readonly (readonly [string, string])[],
  ): void {
    this.#refuses ??= true;
    this.#asking.head(status, statusMessage, headers);
  }

  raw(data: string | Buffer): boolean {
    this.headers();
    if (this.#refuses) return this.#asking.raw(data);
    if (this.signal.aborted) return false;
    const text = data.toString();
    if (this.#stored.isStreamed) this.#stored.append(text);
    else this.#stored.take(text);
    return true;
  }

  end(): void {
    if (this.#refuses) this.#asking.end();
    else this.#stored.finish();
  }

  cut(): void {
    this.#stored.breakViews();
  }

  reset(): void {
    this.#stored.breakViews();
  }

  async writable(): Promise<void> {
    await nextTurn(undefined, { signal: this.signal });
  }

  async delay(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal });
  }
}
