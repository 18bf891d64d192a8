import { type Clock, MAX_TIMER_MS, type Timer } from '../../core/clock.ts';

/** Wakes somebody when a period is over, or before: timers may be early, and reach 24 days only. */
export class ResetTimer {
  readonly #clock: Clock;
  readonly #onFire: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onFire: () => void) {
    this.#clock = clock;
    this.#onFire = onFire;
  }

  /** Once for however many calls; not at all for Infinity. */
  start(resetsAt: number): void {
    if (this.#timer !== undefined || resetsAt === Number.POSITIVE_INFINITY) return;
    const left = Math.ceil(resetsAt - this.#clock.now());
    this.#timer = this.#clock.after(Math.min(left, MAX_TIMER_MS), () => {
      this.#timer = undefined;
      this.#onFire();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
