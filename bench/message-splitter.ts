/** Told of each message as a range of `bytes`, which must be read before it returns. */
export type OnMessage = (bytes: Buffer, start: number, end: number) => void;

/** One byte that says whether the message is compressed, and four of its length. */
const HEAD_BYTES = 5;

/** Finds gRPC messages in the bytes of an HTTP/2 stream. */
export class MessageSplitter {
  readonly #onMessage: OnMessage;
  #rest: Buffer | undefined;

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  feed(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    while (start + HEAD_BYTES <= bytes.length) {
      const end = start + HEAD_BYTES + bytes.readUInt32BE(start + 1);
      if (end > bytes.length) break;
      this.#onMessage(bytes, start + HEAD_BYTES, end);
      start = end;
    }
    this.#rest = start < bytes.length ? bytes.subarray(start) : undefined;
  }
}
