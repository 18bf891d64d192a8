import { harmless } from '../harmless.ts';
import type { Output } from '../serve.ts';

const TICK_MS = 200;

/** One line at the end of a terminal that says what is waited for, and for how long. */
export class Progress {
  readonly #output: Output;
  readonly #isShown: boolean;
  #what = '';
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param wanted elsewhere than on a terminal there is nothing, in any case */
  constructor(output: Output, wanted: boolean) {
    this.#output = output;
    this.#isShown = wanted && output.isTTY === true;
  }

  /** From now on this is waited for. */
  wait(what: string): void {
    if (!this.#isShown) return;
    if (this.#timer === undefined) {
      this.#since = performance.now();
      this.#timer = setInterval(() => this.#draw(), TICK_MS);
    }
    this.#what = harmless(what, this.#output);
    this.#draw();
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#output.write('\r\u001b[K');
  }

  #draw(): void {
    const seconds = ((performance.now() - this.#since) / 1_000).toFixed(1);
    // What goes on in a second line cannot be taken away again.
    const line = `${this.#what} … ${seconds} s`.slice(0, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r\u001b[K${line}`);
  }
}
