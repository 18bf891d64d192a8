import { LRUCache } from 'lru-cache';
import type { Call, Handler } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { SharedRun } from '../sharing/shared-run.ts';

/** A call that runs, and may be joined. */
export interface RepeatableRun {
  /** What of the request must be the same for those who join. */
  readonly fingerprint: string;
  readonly run: SharedRun;
}

/** The answer of a call that is over. */
export interface FinishedCall {
  /** As in RepeatableRun. */
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

/** How long a call goes on that everybody has left, so that whoever lost a connection finds it again. */
const ORPHANED_MS = 30_000;

/** How long an answer is kept for repeats of its call. */
const KEPT_MS = 10 * 60_000;

/** Of all answers that are kept. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_ENTRIES = 10_000;

/** What an answer takes beside its bytes. */
const ENTRY_BYTES = 512;

/** The calls with an idempotency key: those that run, and those that ended well within 10 minutes. */
export class Repeats {
  readonly #clock: Clock;
  readonly #store: () => RepeatStore | undefined;
  readonly #running = new Map<string, RepeatableRun>();
  readonly #finished: LRUCache<string, FinishedCall>;

  /** @param store undefined: nothing is shared */
  constructor(clock: Clock, store: () => RepeatStore | undefined = () => undefined) {
    this.#clock = clock;
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

  running(name: string): RepeatableRun | undefined {
    return this.#running.get(name);
  }

  finished(name: string): FinishedCall | undefined {
    return this.#finished.get(name);
  }

  /** The answer that another process has; undefined if nothing is shared. */
  elsewhere(name: string): Promise<FinishedCall | undefined> | undefined {
    return this.#store()?.find(name);
  }

  start(name: string, fingerprint: string, next: Handler, call: Call): RepeatableRun {
    const options = { clock: this.#clock, graceMs: ORPHANED_MS, isOne: true };
    const begun = { fingerprint, run: new SharedRun(next, call, options) };
    this.#running.set(name, begun);
    return begun;
  }

  /** @param finished absent: it failed, is kept elsewhere, or is too long to be kept */
  end(name: string, begun: RepeatableRun, finished?: FinishedCall): void {
    // One that could not be joined any more may have made room for another.
    if (this.#running.get(name) !== begun) return;
    this.#running.delete(name);
    if (finished === undefined) return;
    this.#finished.set(name, finished);
    this.#store()?.keep(name, finished, KEPT_MS);
  }
}
