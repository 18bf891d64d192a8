import { random } from '../../support/random.ts';

/** Chance that a seed decides, so that a rendering can be repeated. */
export class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = random(seed);
  }

  /** 0 to `below` - 1. */
  nat(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** The text in up to four pieces, none of them empty; cuts may lie inside a character. */
  pieces(text: string): string[] {
    const cuts = Array.from({ length: this.nat(4) }, () => this.nat(text.length + 1));
    const at = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
    return at.slice(1).map((end, i) => text.slice(at[i], end));
  }

  /** The bytes in pieces, some of them single bytes. */
  cut(bytes: Buffer): Buffer[] {
    const most = [1, 7, 64, 1_000, bytes.length][this.nat(5)] ?? 1;
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + this.nat(most);
      // A copy: transports use their memory again.
      pieces.push(Buffer.from(bytes.subarray(at, at + length)));
      at += length;
    }
    return pieces;
  }
}
