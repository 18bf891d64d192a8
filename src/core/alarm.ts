import type { Clock, Timer } from './clock.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** One timer, however often it is set. It may ring early; whoever it wakes looks for itself. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  /** Epoch ms. */
  #due = NEVER;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** At this time at the latest, in epoch ms; Infinity: not because of this. */
  at(time: number): void {
    if (time >= this.#due) return;
    this.cancel();
    this.#due = time;
    // At least 1: what is due in less than `time` can tell from now would ring again and again.
    const ms = Math.max(Math.ceil(time - this.#clock.now()), 1);
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      this.#due = NEVER;
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = NEVER;
  }
}
