import { hungUp, tooLarge } from '../errors/faults.ts';
import { TextReader } from '../http/text-reader.ts';
import { malformed } from '../values/json-checks.ts';
import type { AnswerStream } from './api-surface.ts';
import { type StreamContext, timingsOf } from './stream-reader.ts';

/**
 * Reads a response that holds a whole answer in one JSON body, as models give it that cannot stream, or its chunks in
 * lines of JSON.
 * Its methods throw what is wrong with it.
 */
export class WholeReader {
  readonly #stream: AnswerStream;
  readonly #context: StreamContext;
  readonly #text: TextReader;

  constructor(stream: AnswerStream, context: StreamContext, maxBytes: number) {
    this.#stream = stream;
    this.#context = context;
    this.#text = new TextReader(maxBytes, (text) => this.#onText(text));
  }

  data(chunk: Buffer): void {
    this.#text.data(chunk);
  }

  /** The body ended. */
  end(): void {
    this.#text.end();
  }

  /** The connection broke: half a body is no answer. */
  fail(error: unknown): void {
    throw error;
  }

  get weight(): number {
    return this.#text.kept + this.#stream.weight;
  }

  stop(): void {
    this.#text.clear();
  }

  #onText(text: string): void {
    if (text === '') throw hungUp();
    const body = withoutDone(text);
    if (LINES.test(body)) this.#readLines(body);
    else this.#stream.readWhole(body);
    if (!this.#stream.finished) throw malformed('the body holds no answer');
    const { clock, onComplete, startedAt } = this.#context;
    const firstOutputAt = this.#stream.hasOutput ? clock.now() : undefined;
    onComplete(this.#stream.end(timingsOf(clock, startedAt, firstOutputAt)));
  }

  #readLines(body: string): void {
    const lines = body.split('\n', MAX_LINES + 1);
    if (lines.length > MAX_LINES) throw tooLarge();
    for (const line of lines) {
      const data = line.trim();
      if (data !== '' && data !== '[DONE]') this.#stream.read('', data);
    }
  }
}

/** An object behind an object, which is no JSON: the lines of NDJSON, as some servers stream. */
const LINES = /\}[ \t]*\r?\n\s*\{/;

/** They are read in one turn of the event loop. As many chunks take the most that is read of a body, save in an attack. */
const MAX_LINES = 131_072;

const DONE = 'data: [DONE]';

/** Gateways end what is no stream as if it were one. */
function withoutDone(text: string): string {
  const body = text.trimEnd();
  return body.endsWith(DONE) ? body.slice(0, -DONE.length) : text;
}
