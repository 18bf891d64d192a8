import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Meter } from '@opentelemetry/api';
import { ATTRIBUTE, METRIC } from './attributes.ts';

/** How often the event loop is probed: often enough to catch 20 ms, rare enough to cost nothing. */
const PROBE_INTERVAL_MS = 20;

/** CPU time, resident memory and event loop delay of this process. Returns what stops the probing. */
export function observeProcess(meter: Meter): () => void {
  meter
    .createObservableCounter(METRIC.processCpuTime, {
      unit: 's',
      description: 'CPU time of this process.',
    })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { [ATTRIBUTE.cpuMode]: 'user' });
      result.observe(system / 1e6, { [ATTRIBUTE.cpuMode]: 'system' });
    });
  meter
    .createObservableUpDownCounter(METRIC.processMemoryUsage, {
      unit: 'By',
      description: 'Resident memory of this process.',
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  return observeEventLoop(meter);
}

function observeEventLoop(meter: Meter): () => void {
  const histogram = monitorEventLoopDelay({ resolution: PROBE_INTERVAL_MS });
  histogram.enable();
  meter
    .createObservableGauge(METRIC.eventLoopDelayP99, {
      unit: 's',
      description: 'How late the event loop is, 99th percentile since it was last asked.',
    })
    .addCallback((result) => {
      // Node records the whole interval between two probes, not by how much it is too long.
      const lateMs = histogram.percentile(99) / 1e6 - PROBE_INTERVAL_MS;
      result.observe(Math.max(0, lateMs) / 1e3);
      histogram.reset();
    });
  return () => void histogram.disable();
}
