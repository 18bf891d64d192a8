/**
 * Loaded into the sidecar by `node --expose-gc --import ./bench/memory-probe.ts`: collects all
 * garbage when the parent process sends a message, and answers what is left.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Settled {
  /** Bytes. */
  readonly heapUsed: number;
  /** Outside of the heap, but owned by objects in it: buffers. */
  readonly external: number;
  readonly rss: number;
  /** Open sockets, timers and the like. */
  readonly handles: number;
}

/** What one collection sets free may hold what the next one frees: finalizers, weak references. */
const ROUNDS = 5;

process.on('message', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await globalThis.gc?.({ execution: 'async' });
    await nextTurn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  const settled: Settled = { heapUsed, external, rss, handles };
  process.send?.(settled);
});
