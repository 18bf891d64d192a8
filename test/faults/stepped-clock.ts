import type { Timer } from '../../src/core/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A clock that passes over waits once they have begun, so that it is never ahead of the app. */
export class SteppedClock extends FakeClock {
  readonly #waits: number[] = [];
  #wake = (): void => {};

  override after(ms: number, callback: () => void): Timer {
    const timer = super.after(ms, callback);
    this.#waits.push(ms);
    this.#wake();
    return timer;
  }

  /** Lets the next wait pass that takes between `least` and `most` ms, as soon as it has begun. */
  async pass(least: number, most: number): Promise<void> {
    this.advance(await this.#begun(least, most));
  }

  /** Resolves to the next wait that takes between `least` and `most` ms, as soon as it has begun. */
  async #begun(least: number, most: number): Promise<number> {
    for (;;) {
      const index = this.#waits.findIndex((ms) => ms >= least && ms <= most);
      const [ms] = index < 0 ? [] : this.#waits.splice(index, 1);
      if (ms !== undefined) return ms;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
