import type { Clock } from '../core/clock.ts';
import type { ErrorReason } from '../core/error-kinds.ts';
import { ProviderError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import type { BatchOptions } from './options.ts';
import type { Work } from './run-deps.ts';

/** How long the upstream has to end what was called off, in ms; it says ten minutes. */
const HALT_LIMIT_MS = 60 * 60_000;

const GROWTH = 1.5;

/** What ails a key, and not what was sent with it: people mend it. */
export const OF_A_KEY: ReadonlySet<ErrorReason> = new Set([
  'INVALID_API_KEY',
  'PERMISSION_DENIED',
  'QUOTA_EXCEEDED',
]);

/** Waits that grow while nothing happens, and what is tried until it works. */
export class Polling {
  readonly #work: Work;
  readonly #clock: Clock;
  readonly #options: Pick<BatchOptions, 'pollIntervalMs' | 'maxPollIntervalMs' | 'lookForMs'>;
  #nextMs: number;

  constructor(
    work: Work,
    { clock, options }: { readonly clock: Clock; readonly options: BatchOptions },
  ) {
    this.#work = work;
    this.#clock = clock;
    this.#options = options;
    this.#nextMs = options.pollIntervalMs;
  }

  /** Something has happened. */
  reset(): void {
    this.#nextMs = this.#options.pollIntervalMs;
  }

  /**
   * Does it, again and again if need be. Rejects with ProviderError if that would not help, with the end
   * of the process, and with the end of the batch an hour after that.
   *
   * @param trouble what a failure means, for the batch's problems
   */
  async try<T>(act: () => Promise<T>, trouble: string): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (thrown) {
        const error = this.check(thrown);
        await this.#work.problem(`${trouble}: ${error.message}`);
        await this.wait(error.facts.retryAfterMs);
      }
    }
  }

  /**
   * Does what is asked of something that the upstream has. As `try`, and beyond: what money was spent for is
   * not given up for a refusal that people mend, nor for one that a proxy, or a server that lags, may have
   * made: those are tried again for as long as the upstream may take to list what it has.
   */
  async insist<T>(act: () => Promise<T>, trouble: string): Promise<T> {
    let refusedSince: number | undefined;
    for (;;) {
      try {
        return await act();
      } catch (thrown) {
        const error = this.#notBroken(thrown);
        if (error.retryable || OF_A_KEY.has(error.reason)) refusedSince = undefined;
        else refusedSince ??= this.#clock.now();
        const refusedMs = refusedSince === undefined ? 0 : this.#clock.now() - refusedSince;
        if (refusedMs > this.#options.lookForMs) throw error;
        await this.#work.problem(`${trouble}: ${error.message}`);
        await this.wait(error.facts.retryAfterMs);
      }
    }
  }

  /** A failure that another try may mend. Throws any other, and the end of the process. */
  check(thrown: unknown, isFinal: (error: ProviderError) => boolean = () => false): ProviderError {
    const error = this.#notBroken(thrown);
    if (isFinal(error)) throw error;
    // Batches have time.
    if (error.retryable || error.reason === 'INVALID_API_KEY') return error;
    throw error;
  }

  /** Throws the end of the process, and what is no failure of the upstream's. */
  #notBroken(thrown: unknown): ProviderError {
    this.#work.stop.throwIfAborted();
    const error = ProviderError.from(thrown);
    if (error.reason === 'INTERNAL') throw error;
    return error;
  }

  /**
   * Until it is time for another look, or the batch is to end. Rejects as `try` does.
   *
   * @param leastMs what the upstream asks for
   */
  async wait(leastMs = 0): Promise<void> {
    const { stop, end, halted, haltedAt } = this.#work;
    if (halted !== undefined && this.#clock.now() - haltedAt > HALT_LIMIT_MS) throw halted;
    const ms = Math.max(leastMs, this.#nextMs);
    this.#nextMs = Math.min(this.#nextMs * GROWTH, this.#options.maxPollIntervalMs);
    try {
      await pause(ms, halted === undefined ? end : stop, this.#clock);
    } catch (thrown) {
      stop.throwIfAborted();
      if (this.#work.halted === undefined) throw thrown;
      this.reset();
    }
  }
}
