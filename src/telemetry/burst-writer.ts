import type { DestinationStream } from 'pino';

/** How long lines of a burst are collected, in ms. */
const COLLECT_MS = 20;

/** Characters that are not held any longer. */
const MAX_HELD = 64 * 1024;

/**
 * Writes the first line at once, and the lines of a burst behind it together: a system call for each
 * line would be a thirtieth of what a short call costs. What is held is written when the process exits,
 * however it does; only SIGKILL loses it.
 */
export class BurstWriter implements DestinationStream {
  readonly #target: DestinationStream;
  #held = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(target: DestinationStream) {
    this.#target = target;
    process.once('exit', () => this.flush());
  }

  write(line: string): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(this.#onTimer, COLLECT_MS).unref();
      this.#target.write(line);
      return;
    }
    this.#held += line;
    if (this.#held.length > MAX_HELD) this.flush();
  }

  /** Called by pino's `flush`, too. */
  flush(): void {
    const text = this.#held;
    this.#held = '';
    if (text !== '') this.#target.write(text);
  }

  readonly #onTimer = (): void => {
    const isBurst = this.#held !== '';
    this.flush();
    this.#timer = isBurst ? this.#timer?.refresh() : undefined;
  };
}
