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
    if (isHighHalf(text.charCodeAt(text.length - 1))) {
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

/** Whether a code unit is the first half of a surrogate pair. */
export function isHighHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Whether it is the second. */
export function isLowHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

const WIDE = /[\u0100-\uffff]/;

/** Whether the text takes two bytes for each character, as those beyond Latin-1 do. */
export function isWide(text: string): boolean {
  return WIDE.test(text);
}

export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at += 1) {
    if (isHighHalf(text.charCodeAt(at)) && isLowHalf(text.charCodeAt(at + 1))) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}
