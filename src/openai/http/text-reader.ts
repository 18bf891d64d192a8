import { ByteBuffer } from './byte-buffer.ts';

/** Collects a body that is text. Whoever takes the text ends the exchange: nothing may follow it. */
export class TextReader {
  readonly #bytes = new ByteBuffer();
  readonly #maxBytes: number;
  readonly #onText: (text: string) => void;

  /** @param onText gets the body at its end or at the limit, whichever comes first */
  constructor(maxBytes: number, onText: (text: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onText = onText;
  }

  data(chunk: Buffer): void {
    const room = this.#maxBytes - this.#bytes.length;
    this.#bytes.append(chunk, 0, Math.min(chunk.length, room));
    if (chunk.length >= room) this.end();
  }

  /** Bytes of it. */
  get kept(): number {
    return this.#bytes.length;
  }

  /** Nothing of it is of use any more. */
  clear(): void {
    this.#bytes.clear();
  }

  /** The body ended. */
  end(): void {
    this.#onText(textOf(this.#bytes.take()));
  }
}

const decoder = new TextDecoder();

/** UTF-8, without the byte order mark that servers of .NET put in front of it. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
