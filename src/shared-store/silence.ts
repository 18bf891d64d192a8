import type { Clock, Timer } from '../core/clock.ts';

/** How long calls wait for a server that has gone, in ms. */
const PATIENCE_MS = 2_000;

/** That the server does not answer. */
export class Silence {
  readonly #clock: Clock;
  readonly #onLong: () => void;
  #timer: Timer | undefined;
  #isLong = false;

  /** @param onLong is called when it has lasted so long that nobody shall wait any longer */
  constructor(clock: Clock, onLong: () => void) {
    this.#clock = clock;
    this.#onLong = onLong;
  }

  get lasts(): boolean {
    return this.#timer !== undefined;
  }

  get isLong(): boolean {
    return this.#isLong;
  }

  begin(): void {
    this.#timer ??= this.#clock.after(PATIENCE_MS, () => this.#lasted(), true);
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isLong = false;
  }

  /** Not asked of the clock: timers of the system may be early. */
  #lasted(): void {
    this.#isLong = true;
    this.#onLong();
  }
}
