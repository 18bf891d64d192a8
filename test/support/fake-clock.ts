import { type Clock, MAX_TIMER_MS, type Timer } from '../../src/core/clock.ts';

interface Entry {
  readonly due: number;
  /** Undefined: it fired, was cancelled or set back. */
  callback: (() => void) | undefined;
}

/** A clock that stands still until it is told to advance, and then jumps from timer to timer. */
export class FakeClock implements Clock {
  #now: number;
  /** By their time, the next one last; of those at the same time the oldest. */
  readonly #timers: Entry[] = [];
  #pending = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    let entry = this.#add(ms, callback);
    return {
      refresh: () => {
        this.#drop(entry);
        entry = this.#add(ms, callback);
      },
      cancel: () => this.#drop(entry),
    };
  }

  afterSilence(ms: number, callback: () => void): Timer {
    return this.after(ms, callback);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#pending;
  }

  /** When the next timer falls due; infinite without one. */
  get nextDue(): number {
    while (this.#timers.length > 0 && this.#timers.at(-1)?.callback === undefined) {
      this.#timers.pop();
    }
    return this.#timers.at(-1)?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Lets `ms` pass, firing what falls due in order of its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#timers.at(-1); next !== undefined; next = this.#timers.at(-1)) {
      if (next.callback !== undefined && next.due > end) break;
      this.#timers.pop();
      const { callback } = next;
      if (callback === undefined) continue;
      this.#drop(next);
      this.#now = Math.max(this.#now, next.due);
      callback();
    }
    this.#now = end;
  }

  #add(ms: number, callback: () => void): Entry {
    const entry: Entry = { due: this.#now + Math.min(ms, MAX_TIMER_MS), callback };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.due ?? 0) > entry.due) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, entry);
    this.#pending += 1;
    return entry;
  }

  #drop(entry: Entry): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    this.#pending -= 1;
  }
}
