import type { Clock } from '../../core/clock.ts';
import { soon } from '../../core/soon.ts';

/** No call waits longer for what is kept elsewhere, in ms: it is answered without. */
export const MAX_WAIT_MS = 20;

/** What a store that does not answer may have been asked; the rest is not sent to it. */
const MAX_ASKED = 200;
const MAX_ASKED_BYTES = 16 * 2 ** 20;

/** Asks a store that answers later, for calls that can do without it. */
export class Asker {
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  #asked = 0;
  #bytes = 0;

  /** @param onFailure hears of what was refused, failed or took too long */
  constructor(clock: Clock, onFailure: (error: unknown) => void) {
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** Undefined: no answer in time, or none at all. Never rejects. */
  async read<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const answer = this.#ask(ask, 0);
    if (answer === undefined) return undefined;
    let hasEnded = false;
    const end = (): void => {
      hasEnded = true;
    };
    answer.then(end, end);
    const value = await soon(this.#clock, MAX_WAIT_MS, answer);
    if (!hasEnded) this.#onFailure(new Error(`there was no answer within ${MAX_WAIT_MS} ms`));
    return value;
  }

  /** Nobody waits for it. Whether it was sent. */
  write(bytes: number, ask: () => Promise<unknown>): boolean {
    return this.#ask(ask, bytes) !== undefined;
  }

  #ask<T>(ask: () => Promise<T>, bytes: number): Promise<T> | undefined {
    if (this.#asked >= MAX_ASKED || this.#bytes + bytes > MAX_ASKED_BYTES) {
      this.#onFailure(new Error('too much waits for an answer'));
      return undefined;
    }
    this.#asked += 1;
    this.#bytes += bytes;
    const answer = new Promise<T>((resolve) => resolve(ask()));
    answer.catch(this.#onFailure).finally(() => {
      this.#asked -= 1;
      this.#bytes -= bytes;
    });
    return answer;
  }
}
