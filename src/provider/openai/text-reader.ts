import { ByteBuffer } from './byte-buffer.ts';

/** Collects a body that is text, up to a limit, and hands it on once. */
export class TextReader {
  readonly #bytes = new ByteBuffer();
  readonly #maxBytes: number;
  readonly #onText: (text: string) => void;
  #handedOn = false;

  /** @param onText gets the body at its end or at the limit, whichever comes first */
  constructor(maxBytes: number, onText: (text: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onText = onText;
  }

  data(chunk: Buffer): void {
    if (this.#handedOn) return;
    const room = this.#maxBytes - this.#bytes.length;
    this.#bytes.append(chunk, 0, Math.min(chunk.length, room));
    if (chunk.length >= room) this.end();
  }

  /** Nothing follows. */
  end(): void {
    if (this.#handedOn) return;
    this.#handedOn = true;
    this.#onText(this.#bytes.take().toString('utf8'));
  }
}
