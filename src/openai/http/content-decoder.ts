import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { tooLarge } from '../errors/faults.ts';
import { malformed } from '../values/json-checks.ts';

/** Takes the decoded body, in turns of their own. */
export interface DecodedBody {
  data(chunk: Buffer): void;
  end(): void;
  fail(error: unknown): void;
}

/** Decoded bytes of one body: many times the longest answer, and no bomb. */
const MAX_DECODED_BYTES = 256 * 1024 * 1024;

/**
 * The largest window that zstd may have in HTTP, 8 MiB as a power of two (RFC 9659, section 3): it is memory that each
 * answer takes, and a frame may ask for 128 MiB.
 */
const ZSTD_WINDOW = { [constants.ZSTD_d_windowLogMax]: 23 };

type Decompressor = ReturnType<typeof createGunzip>;

/** By the name of the content coding; RFC 9110, section 8.4.1. Undefined: the body is not in that coding. */
const DECOMPRESSORS: Readonly<Record<string, (first: Buffer) => Decompressor | undefined>> = {
  gzip,
  'x-gzip': gzip,
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress({ params: ZSTD_WINDOW }),
  // Some servers send it without the header of zlib.
  deflate: (first) => (hasZlibHeader(first) ? createInflate() : createInflateRaw()),
};

function gzip(first: Buffer): Decompressor | undefined {
  return isGzip(first) ? createGunzip() : undefined;
}

/** RFC 1952, section 2.3.1. Proxies decode a body and pass its label on. */
export function isGzip(first: Buffer): boolean {
  return first[0] === 0x1f && first[1] === 0x8b;
}

/** Bytes that tell which decompressor is needed. */
const HEADER_BYTES = 2;

/** RFC 1950, section 2.2: method 8, and a checksum over both bytes. */
function hasZlibHeader(first: Buffer): boolean {
  return (first[0] ?? 0) % 16 === 8 && first.length > 1 && first.readUInt16BE(0) % 31 === 0;
}

/**
 * Decodes a body in a content coding that was not asked for: proxies compress without being asked.
 */
export class ContentDecoder {
  readonly #open: (first: Buffer) => Decompressor | undefined;
  readonly #body: DecodedBody;
  #stream: Decompressor | undefined;
  #first: Buffer = Buffer.alloc(0);
  /** It was labelled wrongly. */
  #isPlain = false;
  #decodedBytes = 0;
  #paused = false;

  private constructor(open: (first: Buffer) => Decompressor | undefined, body: DecodedBody) {
    this.#open = open;
    this.#body = body;
  }

  /** @returns undefined for a coding that is not known */
  static for(coding: string, body: DecodedBody): ContentDecoder | undefined {
    const name = codingOf(coding);
    const open = Object.hasOwn(DECOMPRESSORS, name) ? DECOMPRESSORS[name] : undefined;
    return open && new ContentDecoder(open, body);
  }

  data(chunk: Buffer): void {
    if (this.#stream !== undefined) {
      this.#stream.write(chunk);
      return;
    }
    if (this.#isPlain) {
      this.#body.data(chunk);
      return;
    }
    this.#first = Buffer.concat([this.#first, chunk]);
    if (this.#first.length < HEADER_BYTES) return;
    this.#stream = this.#start(this.#first);
    this.#isPlain = this.#stream === undefined;
    if (this.#stream === undefined) this.#body.data(this.#first);
    else this.#stream.write(this.#first);
  }

  /** The body ended. */
  end(): void {
    if (this.#stream !== undefined) this.#stream.end();
    else if (this.#isPlain || this.#first.length === 0) this.#body.end();
    else this.#body.fail(malformed('its compression is broken'));
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  /** Something has come that is not decoded yet. */
  get unread(): boolean {
    const { writableLength = 0, readableLength = 0 } = this.#stream ?? {};
    return writableLength + readableLength > 0;
  }

  /** Nothing more of it is of use. */
  destroy(): void {
    this.#stream?.destroy();
  }

  #start(first: Buffer): Decompressor | undefined {
    const stream = this.#open(first);
    if (stream === undefined) return undefined;
    stream.on('data', (decoded: Buffer) => {
      this.#decodedBytes += decoded.length;
      if (this.#decodedBytes > MAX_DECODED_BYTES) this.#body.fail(tooLarge());
      else this.#body.data(decoded);
    });
    stream.on('end', () => this.#body.end());
    stream.on('error', () => this.#body.fail(malformed('its compression is broken')));
    if (this.#paused) stream.pause();
    return stream;
  }
}

/** What some servers have in the place of no coding, a charset among it. */
const NO_CODING: ReadonlySet<string> = new Set(['', 'identity', 'none', 'utf-8', 'utf8']);

/** The coding that `content-encoding` names, in lower case; empty for none. */
export function codingOf(header: string): string {
  if (header === '') return '';
  return header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !NO_CODING.has(name))
    .join(', ');
}
