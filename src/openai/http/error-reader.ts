import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { Clock, Timer } from '../../core/clock.ts';
import { headerValue, type ResponseHeaders } from '../errors/retry-after.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { codingOf, isGzip } from './content-decoder.ts';
import { textOf } from './text-reader.ts';

/** As much of an error's body as is read, and as comes out of it. */
const MAX_BYTES = 64 * 1024;

/** How long its body is waited for, in ms: the status says most, and some servers never end it. */
const MAX_WAIT_MS = 5_000;

const OPTIONS = { maxOutputLength: MAX_BYTES };

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip,
  'x-gzip': gzip,
  // Some servers leave out the header of zlib, which begins with 8 in its low half.
  deflate: (bytes) =>
    (bytes[0] ?? 0) % 16 === 8 ? inflateSync(bytes, OPTIONS) : inflateRawSync(bytes, OPTIONS),
  br: (bytes) => brotliDecompressSync(bytes, OPTIONS),
  zstd: (bytes) => zstdDecompressSync(bytes, OPTIONS),
};

function gzip(bytes: Buffer): Buffer {
  return isGzip(bytes) ? gunzipSync(bytes, OPTIONS) : bytes;
}

/** Reads the body of an error response, whatever its coding. Whoever takes the text ends the exchange. */
export class ErrorReader {
  readonly #bytes = new ByteBuffer();
  readonly #coding: string;
  readonly #onText: (text: string) => void;
  readonly #timer: Timer;

  /**
   * @param onText gets what has come at the body's end, at the limit or when the wait is over, and
   *   nothing if it cannot be decoded
   */
  constructor(headers: ResponseHeaders, clock: Clock, onText: (text: string) => void) {
    this.#coding = codingOf(headerValue(headers, 'content-encoding') ?? '');
    this.#onText = onText;
    this.#timer = clock.afterSilence(MAX_WAIT_MS, () => this.end());
  }

  data(chunk: Buffer): void {
    const room = MAX_BYTES - this.#bytes.length;
    this.#bytes.append(chunk, 0, Math.min(chunk.length, room));
    if (chunk.length >= room) this.end();
  }

  /** The body ended, or no more of it is waited for. */
  end(): void {
    this.stop();
    this.#onText(decoded(this.#bytes.take(), this.#coding));
  }

  stop(): void {
    this.#timer.cancel();
  }
}

function decoded(bytes: Buffer, coding: string): string {
  const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (decode === undefined) return coding === '' ? textOf(bytes) : '';
  try {
    return textOf(decode(bytes));
  } catch {
    return '';
  }
}
