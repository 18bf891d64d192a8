import { type Clock, MAX_TIMER_MS, type Timer } from '../../core/clock.ts';

/** One timer, however often it is set. It may ring early; whoever it wakes looks for itself. */
export class WakeUp {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  /** Epoch ms. */
  #due = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** In `ms` at the latest, above 0; Infinity: not because of this. */
  in(ms: number): void {
    const now = this.#clock.now();
    if (now + ms >= this.#due) return;
    this.cancel();
    const wait = Math.min(Math.ceil(ms), MAX_TIMER_MS);
    this.#due = now + wait;
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#due = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }
}
