import { hungUp, notAStream } from '../errors/faults.ts';

/** Reads the body of a response. Its methods throw what is wrong with it. */
export interface BodyReader {
  data(chunk: Buffer): void;
  /** The body ended. */
  end(): void;
  /** Nothing of this is of use any more. */
  stop?(): void;
}

/** Of a body that is an answer, and not an explanation why there is none. */
export interface AnswerReader extends BodyReader {
  /** The connection broke. */
  fail(error: unknown): void;
  /** What is kept of it, read or not, in bytes or characters. */
  readonly weight: number;
  /** Nothing of this is of use any more. */
  stop(): void;
}

const JSON_STARTS: ReadonlySet<number> = new Set(Buffer.from('{['));
/** Of the lines of an event stream: `data:`, `event:`, `id:`, `retry:`, `error:` and comments. */
const STREAM_STARTS: ReadonlySet<number> = new Set(Buffer.from('deir:'));
/** White space, and the bytes of a byte order mark. */
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/**
 * Reads an answer as what its first character says it is, an event stream or JSON: servers answer
 * with JSON where a stream was asked for, and label streams as text, as JSON or not at all.
 */
export class SniffingReader implements AnswerReader {
  readonly #contentType: string;
  readonly #open: (streamed: boolean) => AnswerReader;
  #reader: AnswerReader | undefined;

  constructor(contentType: string, open: (streamed: boolean) => AnswerReader) {
    this.#contentType = contentType;
    this.#open = open;
  }

  data(chunk: Buffer): void {
    if (this.#reader !== undefined) {
      this.#reader.data(chunk);
      return;
    }
    // Blanks in front are of no use to any reader, and a byte order mark may come in pieces.
    const start = chunk.findIndex((byte) => !BLANK.has(byte));
    if (start === -1) return;
    this.#reader = this.#choose(chunk[start] ?? 0);
    this.#reader.data(start === 0 ? chunk : chunk.subarray(start));
  }

  end(): void {
    if (this.#reader === undefined) throw hungUp();
    this.#reader.end();
  }

  fail(error: unknown): void {
    if (this.#reader === undefined) throw error;
    this.#reader.fail(error);
  }

  get weight(): number {
    return this.#reader?.weight ?? 0;
  }

  stop(): void {
    this.#reader?.stop();
  }

  #choose(first: number): AnswerReader {
    if (JSON_STARTS.has(first)) return this.#open(false);
    const isLabelled = /^text\/event-stream\b/i.test(this.#contentType);
    if (!isLabelled && !STREAM_STARTS.has(first)) throw notAStream(this.#contentType);
    return this.#open(true);
  }
}
