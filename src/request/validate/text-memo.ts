/**
 * Remembers what a pure function said of texts, the least recently used ones forgotten first. For
 * texts that callers send again and again, such as the schemas of their tools.
 */
export class TextMemo<T> {
  readonly #compute: (text: string) => T;
  readonly #maxLength: number;
  /** Oldest first. */
  readonly #known = new Map<string, T>();
  #length = 0;

  /** @param maxLength of all texts together, in UTF-16 units; a longer one is not remembered */
  constructor(compute: (text: string) => T, maxLength: number) {
    this.#compute = compute;
    this.#maxLength = maxLength;
  }

  get(text: string): T {
    const known = this.#known.get(text);
    if (known !== undefined || this.#known.has(text)) return this.#renew(text, known as T);
    const value = this.#compute(text);
    if (text.length > this.#maxLength) return value;
    this.#length += text.length;
    this.#known.set(text, value);
    for (const oldest of this.#known.keys()) {
      if (this.#length <= this.#maxLength) break;
      this.#known.delete(oldest);
      this.#length -= oldest.length;
    }
    return value;
  }

  #renew(text: string, value: T): T {
    this.#known.delete(text);
    this.#known.set(text, value);
    return value;
  }
}
