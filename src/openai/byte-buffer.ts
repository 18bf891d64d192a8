/** What is kept between two uses, in bytes; larger blocks go back to the heap. */
const KEPT_BYTES = 16 * 1024;

/** The largest block, in bytes, unless more comes in one piece. */
const MAX_BLOCK_BYTES = 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * Bytes that arrive in pieces. They are kept in blocks that double up to a mebibyte: n pieces cost time in their
 * sum, not its square, and what is kept takes little more than its bytes.
 */
export class ByteBuffer {
  /** Those that are full. */
  #full: Buffer[] = [];
  #fullBytes = 0;
  #block = NOTHING;
  #used = 0;

  get length(): number {
    return this.#fullBytes + this.#used;
  }

  /** Copies `bytes` from `start` to `end`. */
  append(bytes: Buffer, start: number, end: number): void {
    const copied = bytes.copy(this.#block, this.#used, start, end);
    this.#used += copied;
    const left = end - start - copied;
    if (left <= 0) return;
    if (this.#used > 0) this.#full.push(this.#block);
    this.#fullBytes += this.#used;
    const size = Math.max(left, Math.min(2 * this.#block.length, MAX_BLOCK_BYTES));
    this.#block = Buffer.allocUnsafeSlow(size);
    this.#used = bytes.copy(this.#block, 0, start + copied, end);
  }

  /** All bytes so far; the buffer is empty then. Valid until the next append. */
  take(): Buffer {
    const last = this.#block.subarray(0, this.#used);
    const bytes = this.#full.length === 0 ? last : Buffer.concat([...this.#full, last]);
    this.#full = [];
    this.#fullBytes = 0;
    this.#used = 0;
    if (this.#block.length > KEPT_BYTES) this.#block = NOTHING;
    return bytes;
  }
}
