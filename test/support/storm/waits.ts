import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** What upstream and sidecar may need to notice that something was closed, in ms. */
const CLOSING_MS = 5_000;
const PROBE_MS = 5;

/** What is left when everybody has noticed what was closed. */
export async function whatStays(count: () => number | Promise<number>): Promise<number> {
  const until = performance.now() + CLOSING_MS;
  let left = await count();
  while (left > 0 && performance.now() < until) {
    await sleep(20);
    left = await count();
  }
  return left;
}

/** Begins to measure how late this process is; ends it, and gives the 99th percentile in ms. */
export function watchLateness(): () => number {
  const lag = monitorEventLoopDelay({ resolution: PROBE_MS });
  lag.enable();
  return () => {
    lag.disable();
    return lag.percentile(99) / 1e6 - PROBE_MS;
  };
}
