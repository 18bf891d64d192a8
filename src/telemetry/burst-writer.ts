import type { DestinationStream } from 'pino';
import type { LogDrops } from './log-drops.ts';

/** Where the log goes. Neither method throws. */
export interface LogTarget {
  /** Writes without waiting; `done` is called later, once, before the next write. */
  write(text: string, done: (failed: boolean) => void): void;
  /** As much as can be written now, for a process that exits. */
  writeLast(text: string): void;
}

/** How long lines of a burst are collected, in ms; at 20, writing them took as long as making them. */
const COLLECT_MS = 100;

/** Characters that are not held any longer if they can be written. */
const BATCH = 64 * 1024;

/** Characters that wait at most while nothing can be written; lines beyond them are dropped. */
const MAX_HELD = 1024 * 1024;

/**
 * Writes the first line at once, and the lines of a burst behind it together: a system call for each
 * line would be a thirtieth of what a short call costs. Nothing waits for the target: where it is slow,
 * stuck or full, lines are dropped and counted. What is held is written when the process exits, however
 * it does; only SIGKILL loses it.
 */
export class BurstWriter implements DestinationStream {
  readonly #target: LogTarget;
  readonly #drops: LogDrops;
  #held = '';
  #heldLines = 0;
  #writing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: LogTarget, drops: LogDrops) {
    this.#target = target;
    this.#drops = drops;
    process.once('exit', () => target.writeLast(this.#held));
  }

  write(line: string): void {
    if (this.#held.length + line.length > MAX_HELD) {
      this.#drops.lines += 1;
      return;
    }
    this.#held += line;
    this.#heldLines += 1;
    if (this.#timer === undefined) {
      this.#timer = setTimeout(this.#onTimer, COLLECT_MS).unref();
      this.flush();
    } else if (this.#held.length > BATCH) this.flush();
  }

  /** Called by pino's `flush`, too. */
  flush(): void {
    if (this.#writing || this.#held === '') return;
    const text = this.#held;
    const lines = this.#heldLines;
    this.#held = '';
    this.#heldLines = 0;
    this.#writing = true;
    this.#target.write(text, (failed) => {
      this.#writing = false;
      if (failed) this.#drops.lines += lines;
    });
  }

  readonly #onTimer = (): void => {
    const isBurst = this.#held !== '';
    this.flush();
    this.#timer = isBurst ? this.#timer?.refresh() : undefined;
  };
}
