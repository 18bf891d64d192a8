/** Something that several hold, and that is closed once the last of them has let go of it. */
export class Counted<T> {
  readonly value: T;
  readonly #close: () => Promise<void> | void;
  #holders = 0;

  constructor(value: T, close: () => Promise<void> | void) {
    this.value = value;
    this.#close = close;
  }

  hold(): void {
    this.#holders += 1;
  }

  async release(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders === 0) await this.#close();
  }
}
