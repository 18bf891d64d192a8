import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Answering } from '../answers/answering.ts';
import type { ServerExchange } from '../answers/server-exchange.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An answer on the connection on which it was asked for, and what it says. */
export class Foreground extends Answering implements ServerExchange {
  readonly #asking: ServerExchange;
  #said = '';
  /** Whether it is an answer, and no refusal. */
  isTaken = true;

  constructor(asking: ServerExchange) {
    super();
    this.#asking = asking;
  }

  /** As it was told last; undefined: never, or not so that it can be read. */
  get response(): Fields | undefined {
    for (const event of this.#said.split('\n\n').reverse()) {
      const fields = fieldsOf(event);
      if (fields.object === 'response') return fields;
      if (fields.response !== undefined) return fields.response as Fields;
    }
    return undefined;
  }

  get request(): RecordedRequest {
    return this.#asking.request;
  }

  get res(): ServerResponse {
    return this.#asking.res;
  }

  get signal(): AbortSignal {
    return this.#asking.signal;
  }

  headers(status = 200, headers?: OutgoingHttpHeaders): void {
    this.isTaken &&= status === 200;
    this.#asking.headers(status, headers);
  }

  head(...of: Parameters<ServerExchange['head']>): void {
    this.isTaken = false;
    this.#asking.head(...of);
  }

  raw(data: string | Buffer): boolean {
    this.#said += data.toString();
    return this.#asking.raw(data);
  }

  end(): void {
    this.#asking.end();
  }

  cut(): void {
    this.#asking.cut();
  }

  reset(): void {
    this.#asking.reset();
  }

  writable(): Promise<void> {
    return this.#asking.writable();
  }

  delay(ms: number): Promise<void> {
    return this.#asking.delay(ms);
  }
}

/** Of a body, or of an event: `data: {…}`. */
function fieldsOf(text: string): Fields {
  try {
    return JSON.parse(text.slice(text.indexOf('{')));
  } catch {
    return {};
  }
}
