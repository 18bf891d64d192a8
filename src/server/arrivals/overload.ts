import { ProviderError } from '../../core/errors.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { LoadMeter } from './load-meter.ts';

export interface OverloadLimits {
  /** SendMessage, SendMessageSync and CountTokens calls that run or wait at once, 1 or more. */
  readonly maxCalls: number;
  /** How late a timer may fire again and again, in ms, above 0. */
  readonly maxEventLoopDelayMs: number;
  /** Share of these that one connection may have, in (0, 1]; at least one call. */
  readonly maxConnectionShare: number;
  /** Share of the heap that may be in use when the garbage has just been collected, in (0, 1]. */
  readonly maxHeapShare: number;
  /** Share of its memory that the process may have taken, what is not in the heap included, in (0, 1]. */
  readonly maxMemoryShare: number;
}

/** Calls that run already. */
export interface RunningCalls {
  readonly all: number;
  readonly ofConnection: number;
}

/** What a refused caller is told to wait, in ms: long enough for a burst to pass. */
const RETRY_AFTER_MS = 1_000;

/**
 * Refuses calls that this process could take only at the expense of those it has: one more would
 * make all of them slower, or end them with the process.
 */
export class OverloadGuard {
  #limits: OverloadLimits;
  readonly #meter: LoadMeter;
  readonly #shedCalls: Instruments['shedCalls'];

  constructor(
    limits: OverloadLimits,
    deps: { readonly meter: LoadMeter; readonly instruments: Pick<Instruments, 'shedCalls'> },
  ) {
    this.#limits = limits;
    this.#meter = deps.meter;
    this.#shedCalls = deps.instruments.shedCalls;
  }

  /** Other limits from now on. */
  configure(limits: OverloadLimits): void {
    this.#limits = limits;
  }

  /**
   * @throws ProviderError RATE_LIMIT_EXCEEDED with a time after which to try again
   */
  admit(running: RunningCalls): void {
    const subject = this.#exceeded(running);
    if (subject === undefined) return;
    this.#shedCalls.add(1);
    throw new ProviderError('RATE_LIMIT_EXCEEDED', {
      message: `This provider has too much to do: ${subject}.`,
      quotaSubject: `provider ${subject}`,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  /** Share of the limit that is nearest to being reached, 0 to 1. */
  load(calls: number): number {
    const { maxCalls, maxEventLoopDelayMs, maxHeapShare, maxMemoryShare } = this.#limits;
    const { eventLoopDelayMs, heapShare, memoryShare } = this.#meter.load;
    const shares = [
      calls / maxCalls,
      eventLoopDelayMs / maxEventLoopDelayMs,
      heapShare / maxHeapShare,
      memoryShare / maxMemoryShare,
    ];
    return Math.min(1, Math.max(...shares));
  }

  #exceeded(running: RunningCalls): string | undefined {
    const { maxCalls, maxConnectionShare, maxEventLoopDelayMs } = this.#limits;
    if (running.all >= maxCalls) return 'calls at once';
    const share = Math.ceil(maxCalls * maxConnectionShare);
    if (running.ofConnection >= share) return 'calls of one connection';
    // With nothing to protect, to refuse would not help anybody.
    if (running.all === 0) return undefined;
    const { eventLoopDelayMs, heapShare, memoryShare } = this.#meter.load;
    const { maxHeapShare, maxMemoryShare } = this.#limits;
    if (heapShare > maxHeapShare || memoryShare > maxMemoryShare) return 'memory';
    if (eventLoopDelayMs > maxEventLoopDelayMs) return 'event loop delay';
    return undefined;
  }
}
