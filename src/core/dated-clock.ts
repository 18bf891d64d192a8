import type { Clock, Timer } from './clock.ts';

/** Below it the two clocks only drift apart, as clocks do, in ms. */
const STEP_MS = 1_000;

/**
 * A clock for dates: it follows the wall clock where that was set, and where the machine was asleep, which
 * the clock for durations knows nothing of. It may run backwards, and so nothing is measured by it.
 */
export class DatedClock implements Clock {
  readonly #clock: Clock;
  readonly #wall: () => number;
  readonly #onStep: (byMs: number) => void;
  /** What the wall clock is ahead, in ms. */
  #ahead: number;

  /**
   * @param clock for durations
   * @param wall epoch ms as the machine says
   * @param onStep hears of each step when it is noticed, which is when somebody asks for the time
   */
  constructor(clock: Clock, wall: () => number, onStep: (byMs: number) => void) {
    this.#clock = clock;
    this.#wall = wall;
    this.#onStep = onStep;
    this.#ahead = wall() - clock.now();
  }

  now(): number {
    const now = this.#clock.now();
    const step = this.#wall() - now - this.#ahead;
    if (Math.abs(step) >= STEP_MS) {
      this.#ahead += step;
      this.#onStep(step);
    }
    return now + this.#ahead;
  }

  after(ms: number, callback: () => void, background?: boolean): Timer {
    return this.#clock.after(ms, callback, background);
  }

  afterSilence(ms: number, callback: () => void): Timer {
    return this.#clock.afterSilence(ms, callback);
  }
}

/** How often the time is looked at where nobody asks for it, in ms. */
const LOOK_EVERY_MS = 2_000;

/**
 * Sees to it that a step is noticed soon.
 *
 * @param onLook hears each time that the clock was looked at
 * @returns what ends it
 */
export function watchForSteps(dated: Clock, onLook: () => void): () => void {
  // Its own time is nobody else's to set.
  if (!(dated instanceof DatedClock)) return () => undefined;
  const look = (): void => {
    dated.now();
    onLook();
    timer.refresh();
  };
  const timer = dated.after(LOOK_EVERY_MS, look, true);
  return () => timer.cancel();
}
