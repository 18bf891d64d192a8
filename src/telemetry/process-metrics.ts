import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ATTRIBUTE } from './attributes.ts';
import type { Instruments } from './instruments.ts';
import { residentMemory } from './resident-memory.ts';

/** How often the event loop is probed: often enough to catch 20 ms, rare enough to cost nothing. */
const PROBE_INTERVAL_MS = 20;

/** CPU time, resident memory and event loop delay of this process. Returns what stops the probing. */
export function observeProcess(instruments: Instruments): () => void {
  instruments.processCpuTime.addCallback((result) => {
    const { user, system } = process.cpuUsage();
    result.observe(user / 1e6, { [ATTRIBUTE.cpuMode]: 'user' });
    result.observe(system / 1e6, { [ATTRIBUTE.cpuMode]: 'system' });
  });
  instruments.processMemoryUsage.addCallback((result) => result.observe(residentMemory()));
  const histogram = monitorEventLoopDelay({ resolution: PROBE_INTERVAL_MS });
  histogram.enable();
  instruments.eventLoopDelayP99.addCallback((result) => {
    // Node records the whole interval between two probes, not by how much it is too long.
    const lateMs = histogram.percentile(99) / 1e6 - PROBE_INTERVAL_MS;
    result.observe(Math.max(0, lateMs) / 1e3);
    histogram.reset();
  });
  return () => void histogram.disable();
}
