/** What is kept between two uses; a larger block goes back to the heap. */
const KEPT_BYTES = 16 * 1024;

/** Bytes that arrive in pieces. Grows by doubling: n pieces cost time in their sum, not its square. */
export class ByteBuffer {
  #block = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `bytes` from `start` to `end`. */
  append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#block.length) this.#grow(length);
    bytes.copy(this.#block, this.#length, start, end);
    this.#length = length;
  }

  /** All bytes so far; the buffer is empty then. Valid until the next append. */
  take(): Buffer {
    const bytes = this.#block.subarray(0, this.#length);
    this.#length = 0;
    if (this.#block.length > KEPT_BYTES) this.#block = Buffer.alloc(0);
    return bytes;
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#block.length));
    this.#block.copy(larger, 0, 0, this.#length);
    this.#block = larger;
  }
}
