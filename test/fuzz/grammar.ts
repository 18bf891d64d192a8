/** Numbers from 0 to below 1. */
export type Random = () => number;

/** What grammars choose by. */
export abstract class Grammar {
  protected readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A piece of it from its beginning, with some bytes changed. */
  protected damaged(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes.subarray(0, this.below(bytes.length + 1)));
    for (let flip = this.below(8); flip > 0 && copy.length > 0; flip -= 1) {
      copy[this.below(copy.length)] = this.below(256);
    }
    return copy;
  }

  protected pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }

  /** 0 to `limit` - 1. */
  protected below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  protected chance(share: number): boolean {
    return this.random() < share;
  }
}
