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
  /** What was taken last, if its memory is not to be used again. */
  #taken: Buffer = NOTHING;

  get length(): number {
    return this.#fullBytes + this.#used;
  }

  /** Copies `bytes` from `start` to `end`. */
  append(bytes: Buffer, start: number, end: number): void {
    this.#giveBack();
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

  /** All bytes so far; the buffer is empty then. Valid until the next append or take. */
  take(): Buffer {
    this.#giveBack();
    const last = this.#block.subarray(0, this.#used);
    const full = this.#full;
    const bytes = full.length === 0 ? last : joined([...full, last]);
    for (const block of full) free(block);
    this.#full = [];
    this.#fullBytes = 0;
    this.#used = 0;
    if (this.#block.length > KEPT_BYTES) {
      if (full.length > 0) free(this.#block);
      this.#block = NOTHING;
      this.#taken = bytes;
    }
    return bytes;
  }

  /** Nothing of it is of use any more. */
  clear(): void {
    if (this.#fullBytes + this.#used > KEPT_BYTES) this.take();
    this.#giveBack();
  }

  #giveBack(): void {
    if (this.#taken === NOTHING) return;
    free(this.#taken);
    this.#taken = NOTHING;
  }
}

/** In memory of its own, which Buffer.concat takes from a pool if it is little. */
function joined(blocks: readonly Buffer[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) at += block.copy(bytes, at);
  return bytes;
}

/**
 * Gives the memory back at once. Left to the garbage collector, which looks at what is on its heap, some megabytes of
 * each of many answers wait for their turn.
 */
function free({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
