import { monotonicUs } from '../test/support/upstream/index.ts';

/** What the load saw while the window was open. Times are in ms. */
export interface Figures {
  readonly seconds: number;
  readonly calls: number;
  readonly failed: number;
  readonly chunks: number;
  /** With text; one may hold several chunks. */
  readonly messages: number;
  /** From the call to its first text, of calls that began in the window. */
  readonly firstText: number[];
  /** From the upstream's writing a chunk to its being read. */
  readonly relay: number[];
}

/** Counts only while its window is open: neither warm-up nor the last calls' end are measured. */
export class Tally {
  #openedAt: number | undefined;
  #calls = 0;
  #failed = 0;
  #chunks = 0;
  #messages = 0;
  #firstText: number[] = [];
  #relay: number[] = [];

  open(): void {
    this.#openedAt = monotonicUs();
  }

  close(): Figures {
    const seconds = (monotonicUs() - (this.#openedAt ?? 0)) / 1e6;
    this.#openedAt = undefined;
    const figures = {
      seconds,
      calls: this.#calls,
      failed: this.#failed,
      chunks: this.#chunks,
      messages: this.#messages,
      firstText: this.#firstText,
      relay: this.#relay,
    };
    this.#calls = this.#failed = this.#chunks = this.#messages = 0;
    this.#firstText = [];
    this.#relay = [];
    return figures;
  }

  callEnded(ok: boolean): void {
    if (this.#openedAt === undefined) return;
    this.#calls += 1;
    if (!ok) this.#failed += 1;
  }

  /** @param startedAt of the call, in µs */
  firstTextCame(startedAt: number, now: number): void {
    if (this.#openedAt === undefined || startedAt < this.#openedAt) return;
    this.#firstText.push((now - startedAt) / 1000);
  }

  messageCame(): void {
    if (this.#openedAt !== undefined) this.#messages += 1;
  }

  /** @param stamp when the upstream wrote it, in µs */
  chunkCame(stamp: number, now: number): void {
    if (this.#openedAt === undefined) return;
    this.#chunks += 1;
    this.#relay.push((now - stamp) / 1000);
  }
}
