import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { SharedRun } from './shared-run.ts';

/** The answer of a call that is over. */
export interface FinishedCall {
  /** As in SharedRun. */
  readonly fingerprint: string;
  /** See `encodeAnswer`. */
  readonly bytes: Buffer;
}

/** How long an answer is kept for repeats of its call. */
const KEPT_MS = 10 * 60_000;

/** Of all answers that are kept. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_ENTRIES = 10_000;

/** What an answer takes beside its bytes. */
const ENTRY_BYTES = 512;

/** The calls with an idempotency key: those that run, and those that ended well within 10 minutes. */
export class Repeats {
  readonly clock: Clock;
  readonly #running = new Map<string, SharedRun>();
  readonly #finished: LRUCache<string, FinishedCall>;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#finished = new LRUCache<string, FinishedCall>({
      max: MAX_ENTRIES,
      maxSize: MAX_BYTES,
      sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
      ttl: KEPT_MS,
      perf: clock,
      // Else it keeps the time with a timer of its own.
      ttlResolution: 0,
    });
  }

  running(name: string): SharedRun | undefined {
    return this.#running.get(name);
  }

  finished(name: string): FinishedCall | undefined {
    return this.#finished.get(name);
  }

  start(name: string, run: SharedRun): void {
    this.#running.set(name, run);
  }

  /** @param finished absent: it failed, or is too long to be kept; a repeat of it is a new call */
  end(name: string, run: SharedRun, finished?: FinishedCall): void {
    // One that could not be joined any more may have made room for another.
    if (this.#running.get(name) !== run) return;
    this.#running.delete(name);
    if (finished !== undefined) this.#finished.set(name, finished);
  }
}
