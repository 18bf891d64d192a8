import type { ObservableCallback } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';

export interface KeptAnswersDeps {
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'cacheEvictions' | 'cacheBytes'>;
}

/** The answers that a response cache has, and how often it had them, whatever its options. */
export class KeptAnswers {
  readonly store: MemoryStore;
  /** Stops measuring. */
  readonly close: () => void;
  hits = 0;
  misses = 0;
  /** How often answers were taken out by hand: an answer that was under way then is not kept. */
  invalidations = 0;

  constructor(options: MemoryStoreOptions, { clock, instruments }: KeptAnswersDeps) {
    const { cacheEvictions, cacheBytes } = instruments;
    this.store = new MemoryStore(options, clock, () => cacheEvictions.add(1));
    const measure: ObservableCallback = (result) => result.observe(this.store.bytes);
    cacheBytes.addCallback(measure);
    this.close = () => cacheBytes.removeCallback(measure);
  }
}
