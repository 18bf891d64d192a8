/** Finds a byte again and again from left to right, reading over the bytes once in all. */
export class Occurrences {
  readonly #bytes: Buffer;
  readonly #wanted: number;
  #at = -1;

  constructor(bytes: Buffer, wanted: number) {
    this.#bytes = bytes;
    this.#wanted = wanted;
  }

  /** The first at or behind `start`, else the length. `start` must not go back. */
  from(start: number): number {
    if (this.#at >= start) return this.#at;
    // As every other line of a stream, for it is empty.
    if (this.#bytes[start] === this.#wanted) this.#at = start;
    else {
      const found = this.#bytes.indexOf(this.#wanted, start);
      this.#at = found === -1 ? this.#bytes.length : found;
    }
    return this.#at;
  }
}
