import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Clock, every, systemClock, type Timer } from './core/clock.ts';

/** How often it is looked, in ms. */
const LOOK_EVERY_MS = 1_000;
/** So many looks in a row without a call, and the next one is not kept waiting by a collection. */
const QUIET_LOOKS = 3;
/** What a collection has to be worth, in bytes. */
const WORTH_BYTES = 32 * 2 ** 20;
/**
 * What one collection sets free may hold what the next one frees: finalizers, weak references. Not more of them: V8 forgets the
 * bytecode of a function that was not called between six.
 */
const ROUNDS = 3;
/** Below it another round is not worth it, in bytes. */
const LITTLE_BYTES = 2 ** 20;

export interface IdleMemoryDeps {
  /** Calls that run. */
  readonly running: () => number;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'after'>;
  /** Bytes of the heap and of what objects in it own. Default: as V8 tells. */
  readonly used?: () => number;
  /** Collects all garbage. Default: V8's collector. */
  readonly collect?: () => void;
}

/**
 * Has V8 collect what calls left behind when none runs any more. It collects when much is allocated, and who rests
 * allocates nothing: of prompts of 40 MB one or two lay there for good. What is used now
 * is what later use is compared with. Does not keep the process alive. See docs/decisions/2026-12-01-who-rests-tidies-up.md.
 */
export function collectWhenIdle(deps: IdleMemoryDeps): Timer {
  const { running, clock = systemClock, used = heapAndExternal, collect = collectAll } = deps;
  let kept = used();
  let quiet = 0;
  let rounds = 0;
  const look = (): void => {
    quiet = running() === 0 ? quiet + 1 : 0;
    const before = used();
    if (quiet < QUIET_LOOKS || (rounds === 0 && before - kept < WORTH_BYTES)) return;
    collect();
    kept = used();
    rounds = before - kept < LITTLE_BYTES ? 0 : (rounds + 1) % ROUNDS;
  };
  return every(clock, LOOK_EVERY_MS, look, true);
}

function heapAndExternal(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

function collectAll(): void {
  if (globalThis.gc !== undefined) {
    void globalThis.gc();
    return;
  }
  // V8 hands it to new contexts alone; and compiled modules of other flags are not taken from the compile cache.
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  gc();
}
