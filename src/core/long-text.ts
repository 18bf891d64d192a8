/** So many characters at least are joined at a time. */
const BLOCK = 4 * 1024;

/**
 * A text that comes in many small pieces and is kept. It takes little more than its characters: a string that
 * grows by `+=` keeps each piece, and some 60 bytes with it, until somebody reads it.
 */
export class LongText {
  #blocks: string[] | undefined;
  #pieces: string[] = [];
  #loose = 0;
  #length = 0;

  /** In UTF-16 code units. */
  get length(): number {
    return this.#length;
  }

  add(piece: string): void {
    if (piece === '') return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#loose += piece.length;
    if (this.#loose < BLOCK) return;
    this.#blocks ??= [];
    this.#blocks.push(this.#pieces.join(''));
    this.#pieces = [];
    this.#loose = 0;
  }

  /** All of it. Takes time for its length, unless nothing was added since. */
  toString(): string {
    const rest = this.#pieces.join('');
    if (this.#blocks === undefined) {
      if (this.#pieces.length > 1) this.#pieces = [rest];
      return rest;
    }
    if (rest === '' && this.#blocks.length === 1) return this.#blocks[0] ?? '';
    const whole = this.#blocks.join('') + rest;
    this.#blocks = [whole];
    this.#pieces = [];
    this.#loose = 0;
    return whole;
  }
}
