/**
 * What has come of a text that a server says several times: in pieces, at the end of its part, at the
 * end of the answer. What arrives last and is longer completes what arrived first.
 */
export class Said {
  #text = '';

  get text(): string {
    return this.#text;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** Notes a piece, and returns it. */
  add(piece: string): string {
    this.#text += piece;
    return piece;
  }

  /** What of the whole has not come; nothing where the whole is another text than what came. */
  rest(whole: string): string {
    return whole.length > this.#text.length && whole.startsWith(this.#text)
      ? whole.slice(this.#text.length)
      : '';
  }
}
