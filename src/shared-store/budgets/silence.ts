import type { Clock, Timer } from '../../core/clock.ts';

/** How long calls wait for a server that has gone, in ms. */
const PATIENCE_MS = 2_000;

/**
 * That the server does not give what it is asked for. One that comes and goes finds no new patience each
 * time: a silence that begins soon after another goes on where that ended, unless an answer ended it.
 */
export class Silence {
  readonly #clock: Clock;
  readonly #onLong: () => void;
  #timer: Timer | undefined;
  #isLong = false;
  /** Epoch ms at which it began, less what is carried, and at which the last one ended. */
  #since = 0;
  #endedAt = Number.NEGATIVE_INFINITY;
  /** How long the last one had lasted, in ms. */
  #before = 0;

  /** @param onLong is called when it has lasted so long that nobody shall wait any longer */
  constructor(clock: Clock, onLong: () => void) {
    this.#clock = clock;
    this.#onLong = onLong;
  }

  get isLong(): boolean {
    return this.#isLong;
  }

  /** It was asked, or is not there. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const now = this.#clock.now();
    const carried = now - this.#endedAt < PATIENCE_MS ? this.#before : 0;
    this.#since = now - carried;
    this.#timer = this.#clock.afterSilence(PATIENCE_MS - carried, () => this.#lasted());
  }

  /** It has answered. */
  answered(): void {
    this.end();
    this.#before = 0;
  }

  /** It is there, and may answer. */
  end(): void {
    if (this.#timer === undefined) return;
    const now = this.#clock.now();
    this.#before = Math.min(PATIENCE_MS, now - this.#since);
    this.#endedAt = now;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#isLong = false;
  }

  /** Not asked of the clock: timers of the system may be early. */
  #lasted(): void {
    this.#isLong = true;
    this.#onLong();
  }
}
