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

  /** What stands behind so many characters. Takes time for its length, and not for what stands before. */
  from(start: number): string {
    let at = this.#length - this.#loose;
    const behind = this.#pieces.join('').slice(Math.max(start - at, 0));
    const blocks: string[] = [];
    for (let last = (this.#blocks?.length ?? 0) - 1; last >= 0 && at > start; last -= 1) {
      const block = this.#blocks?.[last] ?? '';
      at -= block.length;
      blocks.push(at < start ? block.slice(start - at) : block);
    }
    return blocks.reverse().join('') + behind;
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
