/**
 * How much of an answer's text has come, in characters: what a server says again at the end of an
 * item, and at the end of the answer, is compared with it.
 */
export class Received {
  readonly #byItem = new Map<number, number>();
  #total = 0;

  add(item: number, characters: number): void {
    this.#byItem.set(item, this.of(item) + characters);
    this.#total += characters;
  }

  of(item: number): number {
    return this.#byItem.get(item) ?? 0;
  }

  /** What of the item's whole text has not come. */
  restOf(item: number, whole: string): string {
    return whole.slice(this.of(item));
  }

  /** What of the answer's whole text has not come. */
  rest(whole: string): string {
    return whole.slice(this.#total);
  }
}
