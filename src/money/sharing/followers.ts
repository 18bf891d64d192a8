import type { Call, Party, StreamRecovery } from '../../core/call.ts';
import type { Reader } from './reader.ts';

/** The callers that follow a shared call, in the order in which they came. */
export class Followers implements Party {
  readonly #readers = new Set<Reader>();
  readonly #accepts = new Set<() => void>();
  readonly #graceMs: number;
  #payer: Call;
  /** Of the last one that came, for when all have left. */
  #last: Call;

  readonly onShort: () => void;

  /**
   * @param graceMs how long the call goes on that everybody has left
   * @param onShort see Party
   */
  constructor(payer: Call, graceMs: number, onShort: () => void) {
    this.onShort = onShort;
    this.#payer = payer;
    this.#last = payer;
    this.#graceMs = graceMs;
  }

  get payer(): Call {
    return this.#payer;
  }

  get deadline(): number {
    let latest = this.#readers.size === 0 ? this.#last.deadline : 0;
    for (const { call } of this.#readers) latest = Math.max(latest, call.deadline);
    return latest + this.#graceMs;
  }

  get recovery(): StreamRecovery {
    // Whoever finds it again may want anything.
    if (this.#graceMs > 0) return 'restart';
    let all: StreamRecovery = this.#readers.size === 0 ? this.#last.recovery : 'fail';
    for (const { call } of this.#readers) {
      if (call.recovery === 'resume') return 'resume';
      if (call.recovery !== 'fail') all = 'restart';
    }
    return all;
  }

  onPayer(accept: () => void): () => void {
    this.#accepts.add(accept);
    return () => this.#accepts.delete(accept);
  }

  get size(): number {
    return this.#readers.size;
  }

  [Symbol.iterator](): Iterator<Reader> {
    return this.#readers.values();
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
    this.#last = reader.call;
  }

  delete(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** @throws whatever keeps this one from paying; then it stays as it is */
  billTo(call: Call): void {
    const before = this.#payer;
    this.#payer = call;
    try {
      for (const accept of this.#accepts) accept();
    } catch (thrown) {
      this.#payer = before;
      this.#giveBack();
      throw thrown;
    }
  }

  /** What one attempt of two has moved already. */
  #giveBack(): void {
    for (const accept of this.#accepts) {
      try {
        accept();
      } catch {
        // Others took the room meanwhile: it stays where it is.
      }
    }
  }
}
