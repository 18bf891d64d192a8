import type { BreakerOptions } from './options.ts';

/** While somebody waits, it is tried again after so many ms, however long it is open, */
export const LAST_RESORT_MS = 100;
/** or after this share of how long its target has been down by then, */
const LAST_RESORT_SHARE = 0.1;
/** but every second at least, in ms. */
const MAX_LAST_RESORT_MS = 1_000;

/** How long a circuit is open, and from when on it may be tried. Times in epoch ms. */
export class OpenTimes {
  #halfOpenAt = 0;
  /** Openings since it was last closed. */
  #openings = 0;
  /** When it opened last, and when for the first time since it was last closed. */
  #openedAt = Number.NEGATIVE_INFINITY;
  #downSince = Number.NEGATIVE_INFINITY;
  #turnedAt: number | undefined;

  /** From which on an open circuit is half open. */
  get halfOpenAt(): number {
    return this.#halfOpenAt;
  }

  /** When it last opened or closed. Undefined: it never did. */
  get turnedAt(): number | undefined {
    return this.#turnedAt;
  }

  /** Whether it has opened since it was last closed. */
  get isDown(): boolean {
    return this.#openings > 0;
  }

  /** How long it is open this time, in ms. */
  openForMs({ firstOpenForMs, openForMs }: BreakerOptions): number {
    const base = firstOpenForMs * 2 ** (this.#openings - 1);
    return Math.min(openForMs, base);
  }

  /**
   * From which on somebody who waits for it may try it before its time.
   *
   * @param probedAt when it was last tried
   */
  lastResortAt(probedAt: number): number {
    const triedAt = Math.max(this.#openedAt, probedAt);
    const pauseMs = Math.min((triedAt - this.#downSince) * LAST_RESORT_SHARE, MAX_LAST_RESORT_MS);
    return triedAt + Math.max(pauseMs, LAST_RESORT_MS);
  }

  /** @param random in [0, 1) */
  opened(now: number, random: number, options: BreakerOptions): void {
    this.#openings += 1;
    this.#openedAt = now;
    if (this.#openings === 1) this.#downSince = now;
    this.#turnedAt = now;
    // Spread, so that the probes of several targets and sidecars do not fall into step.
    this.#halfOpenAt = now + Math.min(this.openForMs(options) * (1 + random), options.openForMs);
  }

  closed(now: number): void {
    this.#openings = 0;
    this.#turnedAt = now;
  }

  /** It may be tried from then on, if it was to be later. */
  hasten(at: number): void {
    this.#halfOpenAt = Math.min(this.#halfOpenAt, at);
  }

  stayOpen(): void {
    this.#halfOpenAt = Number.POSITIVE_INFINITY;
  }
}
