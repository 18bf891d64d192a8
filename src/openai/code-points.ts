const REPLACEMENT = '\ufffd';

/**
 * Joins pieces of text whose cuts may lie inside a character: JSON can write half of a surrogate
 * pair ("\ud83d"), UTF-8 on the way to the caller cannot. Half a character waits for its other half;
 * one that comes alone becomes U+FFFD.
 */
export class CodePoints {
  #held = '';

  /** The whole characters that are there now; may be empty. */
  add(piece: string): string {
    const text = this.#held === '' ? piece : this.#held + piece;
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#held = text.slice(-1);
      return text.slice(0, -1).toWellFormed();
    }
    this.#held = '';
    return text.toWellFormed();
  }

  /** What is left when nothing follows. */
  end(): string {
    if (this.#held === '') return '';
    this.#held = '';
    return REPLACEMENT;
  }
}
