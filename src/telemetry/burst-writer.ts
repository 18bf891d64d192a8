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

/** Lines that wait at most to be made. */
const MAX_UNMADE = 64;

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
  /** Lines of the burst that were not made yet. */
  #unmade: (() => void)[] = [];

  constructor(target: LogTarget, drops: LogDrops) {
    this.#target = target;
    this.#drops = drops;
    process.once('exit', () => {
      this.#makeAll();
      target.writeLast(this.#held);
    });
  }

  /**
   * Has a line made behind those before it: at once where it is the first or must not wait, and with the others of
   * the burst where it may, for lines that are made one after another take a third of the time.
   *
   * @param make writes it, and does not throw
   */
  line(make: () => void, mayWait: boolean): void {
    if (mayWait && this.#timer !== undefined && this.#unmade.length < MAX_UNMADE) {
      this.#unmade.push(make);
      return;
    }
    this.#makeAll();
    make();
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
    this.#makeAll();
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

  #makeAll(): void {
    const lines = this.#unmade;
    if (lines.length === 0) return;
    this.#unmade = [];
    for (const make of lines) make();
  }

  readonly #onTimer = (): void => {
    this.#makeAll();
    const isBurst = this.#held !== '';
    this.flush();
    this.#timer = isBurst ? this.#timer?.refresh() : undefined;
  };
}
