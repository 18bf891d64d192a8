import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { SlidingWindow } from '../../policies/rate-limit/sliding-window.ts';

export interface CallerLimitOptions {
  /** Calls that may run at once. Absent: any number. */
  readonly concurrent?: number;
  /** Calls that may begin within a minute. Absent: any number. */
  readonly requestsPerMinute?: number;
}

/** What a caller is told to wait whose calls are as many as they may be, in ms. */
const RETRY_AFTER_MS = 1_000;

/** How much one caller may ask for, whatever the others do. */
export class CallerLimits {
  readonly #caller: string;
  readonly #options: CallerLimitOptions;
  readonly #clock: Clock;
  #minute: SlidingWindow | undefined;
  /** Its calls, shared with the limits that these follow. */
  #calls = { running: 0 };

  /** @param caller its name */
  constructor(caller: string, options: CallerLimitOptions, clock: Clock) {
    const { requestsPerMinute } = options;
    this.#caller = caller;
    this.#options = options;
    this.#clock = clock;
    this.#minute =
      requestsPerMinute === undefined
        ? undefined
        : new SlidingWindow(requestsPerMinute, clock.now());
  }

  /** Counts on from where the caller's limits of before stand, whose calls may still run. */
  follow(before: CallerLimits): void {
    this.#calls = before.#calls;
    const { requestsPerMinute } = this.#options;
    if (requestsPerMinute === undefined || before.#minute === undefined) return;
    before.#minute.resize(requestsPerMinute);
    this.#minute = before.#minute;
  }

  /**
   * Begins a call. Returns what ends it.
   *
   * @throws ProviderError RATE_LIMIT_EXCEEDED if the caller has as many as it may
   */
  enter(): () => void {
    const { concurrent = Number.POSITIVE_INFINITY, requestsPerMinute } = this.#options;
    const calls = this.#calls;
    if (calls.running >= concurrent) {
      throw this.#refusal('calls at once', concurrent, RETRY_AFTER_MS);
    }
    const now = this.#clock.now();
    if (requestsPerMinute !== undefined && this.#minute?.take(1, now) === false) {
      throw this.#refusal('calls a minute', requestsPerMinute, this.#minute.waitMs(1, now));
    }
    calls.running += 1;
    let isOver = false;
    return () => {
      if (!isOver) calls.running -= 1;
      isOver = true;
    };
  }

  #refusal(what: string, limit: number, retryAfterMs: number): ProviderError {
    return new ProviderError('RATE_LIMIT_EXCEEDED', {
      message: `The caller ${this.#caller} may make ${limit} ${what}, and does.`,
      quotaSubject: `${what} of the caller ${this.#caller}`,
      retryAfterMs,
    });
  }
}
