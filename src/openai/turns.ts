/**
 * Bytes of answers that are read in one turn of the event loop, all answers together: some
 * milliseconds of work.
 */
const TURN_BYTES = 256 * 1024;

/**
 * Shares the event loop among answers and everything else. Of a socket that always has more to read two
 * megabytes would be read in one go, and of two thousand sockets as many pieces.
 */
export class Turns {
  #left = TURN_BYTES;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** Whether so many bytes can still be read in this turn. */
  take(bytes: number): boolean {
    if (this.#left <= 0) return false;
    this.#left -= bytes;
    // As long as it is that little nobody has to be woken for it.
    if (this.#left < TURN_BYTES / 2) this.#schedule();
    return true;
  }

  /** Runs `work` in one of the next turns, after those who wait already. */
  wait(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#begin);
  }

  readonly #begin = (): void => {
    this.#scheduled = false;
    this.#left = TURN_BYTES;
    const waiting = this.#waiting;
    this.#waiting = [];
    let next = 0;
    for (; next < waiting.length && this.#left > 0; next += 1) waiting[next]?.();
    this.#waiting = waiting.slice(next).concat(this.#waiting);
    if (this.#waiting.length > 0) this.#schedule();
  };
}
