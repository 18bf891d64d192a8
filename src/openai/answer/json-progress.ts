const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Whether a JSON text that grows is whole: every bracket of its object or list is closed. Looks at
 * each character once, when it is asked, and at no piece together with those before, which would have to
 * be joined for it each time; whether the text is right is not its question.
 */
export class JsonProgress {
  #pieces: string[] = [];
  #depth = 0;
  #begun = false;
  #inString = false;
  #escaped = false;

  append(piece: string): void {
    if (piece !== '') this.#pieces.push(piece);
  }

  get isComplete(): boolean {
    const pieces = this.#pieces;
    this.#pieces = [];
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += 1) this.#add(piece.charCodeAt(at));
    }
    return this.#begun && this.#depth === 0;
  }

  #add(unit: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (unit === BACKSLASH) this.#escaped = true;
      else if (unit === QUOTE) this.#inString = false;
      return;
    }
    switch (unit) {
      case QUOTE:
        this.#inString = true;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#begun = true;
        this.#depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#depth -= 1;
        break;
    }
  }
}
