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

/** Where several processes keep the answers of calls that are over. */
export interface RepeatStore {
  /** Undefined: there is none, or it is not to be had soon. Never rejects. */
  find(name: string): Promise<FinishedCall | undefined>;
  /** Keeps it if it can; the first under a name stays. */
  keep(name: string, finished: FinishedCall, ttlMs: number): void;
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
  readonly #store: () => RepeatStore | undefined;
  readonly #running = new Map<string, SharedRun>();
  readonly #finished: LRUCache<string, FinishedCall>;

  /** @param store undefined: nothing is shared */
  constructor(clock: Clock, store: () => RepeatStore | undefined = () => undefined) {
    this.clock = clock;
    this.#store = store;
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

  /** The answer that another process has; undefined if nothing is shared. */
  elsewhere(name: string): Promise<FinishedCall | undefined> | undefined {
    return this.#store()?.find(name);
  }

  start(name: string, run: SharedRun): void {
    this.#running.set(name, run);
  }

  /** @param finished absent: it failed, is kept elsewhere, or is too long to be kept */
  end(name: string, run: SharedRun, finished?: FinishedCall): void {
    // One that could not be joined any more may have made room for another.
    if (this.#running.get(name) !== run) return;
    this.#running.delete(name);
    if (finished === undefined) return;
    this.#finished.set(name, finished);
    this.#store()?.keep(name, finished, KEPT_MS);
  }
}
