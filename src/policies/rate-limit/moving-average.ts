/** An exponentially weighted mean. */
export class MovingAverage {
  readonly #weight: number;
  #value: number;
  #isEmpty: boolean;

  /**
   * @param weight of one sample against all before it, above 0, at most 1
   * @param start counts as all samples before the first; absent: the first sample does
   */
  constructor(weight: number, start?: number) {
    this.#weight = weight;
    this.#value = start ?? 0;
    this.#isEmpty = start === undefined;
  }

  /** 0 before the first sample. */
  get value(): number {
    return this.#value;
  }

  /** @param weight of this sample, where it is another one */
  add(sample: number, weight = this.#weight): void {
    this.#value += (this.#isEmpty ? 1 : weight) * (sample - this.#value);
    this.#isEmpty = false;
  }
}
