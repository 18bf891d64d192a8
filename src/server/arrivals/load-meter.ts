import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { type Clock, every } from '../../core/clock.ts';
import { residentMemory } from '../../telemetry/resident-memory.ts';

/** What this process has to bear, as it was last measured. */
export interface Load {
  /** How late timers fire, in ms. One pause, as the garbage collector makes them, does not show. */
  readonly eventLoopDelayMs: number;
  /** Share of the heap that is in use, 0 to 1; what is garbage does not count. */
  readonly heapShare: number;
  /** Share of what this process may take of memory that it has, 0 to 1; all of it, not the heap alone. */
  readonly memoryShare: number;
}

export interface LoadMeter {
  readonly load: Load;
  stop(): void;
}

/** How often the event loop is asked for its delay, in ms. */
const SAMPLE_MS = 50;
/** How many of these it takes until memory is looked at. */
const MEMORY_EVERY = 5;
/** Time over which the worst delay counts, in ms. */
const WINDOW_MS = 500;

/**
 * How long a measurement of the heap counts, in ms. Heap that is short is collected again and again;
 * where nothing was collected for so long it is not, whatever was measured last.
 */
const HEAP_MEMORY_MS = 10_000;

/** What V8 keeps of `heap_size_limit` for the young generation, at most, in bytes: three semi-spaces of 32 MiB. */
const YOUNG_GENERATION_BYTES = 96 * 2 ** 20;
/** With less than 4 GiB of memory it is as much less. */
const YOUNG_GENERATION_SHARE = 3 / 128;

/**
 * Measures this process. Does not keep it alive.
 *
 * @param memoryBytes what it may take of memory
 */
export function startLoadMeter(clock: Clock, memoryBytes: number): LoadMeter {
  const heap = new HeapShare(clock);
  const collections = new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajor)) heap.note(oldGenerationShare(memoryBytes));
  });
  collections.observe({ entryTypes: ['gc'] });
  const loop = new LoopDelay(clock.now());
  let memoryShare = 0;
  let sample = 0;
  let due = clock.now() + SAMPLE_MS;
  // Not monitorEventLoopDelay: after a reset it does not record the next delay, so read and reset in
  // a loop where everything is late, it tells 0.
  const timer = every(
    clock,
    SAMPLE_MS,
    () => {
      const now = clock.now();
      loop.note(now - due, now);
      due = now + SAMPLE_MS;
      if (sample++ % MEMORY_EVERY === 0) {
        memoryShare = Math.min(residentMemory() / memoryBytes, 1);
      }
    },
    true,
  );
  return {
    get load() {
      return { eventLoopDelayMs: loop.ms, heapShare: heap.share, memoryShare };
    },
    stop() {
      timer.cancel();
      collections.disconnect();
    },
  };
}

/** The delay that two windows in a row have seen: a single pause falls into one of them. */
export class LoopDelay {
  #before = 0;
  #last = 0;
  #worst = 0;
  #windowStart: number;

  /** @param now epoch ms, as in `note` */
  constructor(now: number) {
    this.#windowStart = now;
  }

  get ms(): number {
    return Math.min(this.#before, this.#last);
  }

  /** @param lateMs how late a timer fired just now */
  note(lateMs: number, now: number): void {
    this.#worst = Math.max(this.#worst, lateMs);
    if (now - this.#windowStart < WINDOW_MS) return;
    this.#before = this.#last;
    this.#last = this.#worst;
    this.#worst = 0;
    this.#windowStart = now;
  }
}

/**
 * The share of the heap that a collection left in use. What is in use in between would mislead: V8
 * lets garbage fill a large part of the heap, and an idle process keeps it for good.
 */
export class HeapShare {
  readonly #clock: Pick<Clock, 'now'>;
  #share = 0;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** 0 to 1. */
  get share(): number {
    return this.#clock.now() - this.#notedAt < HEAP_MEMORY_MS ? this.#share : 0;
  }

  note(share: number): void {
    this.#share = share;
    this.#notedAt = this.#clock.now();
  }
}

function isMajor(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

function oldGenerationShare(memoryBytes: number): number {
  const used = getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new_'))
    .reduce((sum, space) => sum + space.space_used_size, 0);
  return Math.min(used / oldGenerationBytes(memoryBytes), 1);
}

/**
 * What the old generation may grow to, in bytes: a process that has filled it runs out of memory.
 *
 * @param memoryBytes what the process may take of memory
 */
export function oldGenerationBytes(memoryBytes: number): number {
  const { heap_size_limit: limit } = getHeapStatistics();
  const young = Math.min(YOUNG_GENERATION_BYTES, memoryBytes * YOUNG_GENERATION_SHARE);
  // Who gave the young generation less may have a limit below what it takes by default.
  return Math.max(limit - young, limit / 3);
}
