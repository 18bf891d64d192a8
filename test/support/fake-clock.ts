import type { Clock, Timer } from '../../src/provider/clock.ts';

/** A clock that stands still until it is told to advance. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ due: number; callback: () => void }>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return {
      refresh: () => {
        timer.due = this.#now + ms;
        this.#timers.add(timer);
      },
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, firing what falls due in order of its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }
}
