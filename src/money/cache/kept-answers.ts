import type { ObservableCallback } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { AnswerStore, OpenAnswerStore } from './answer-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { ResponseCacheOptions } from './options.ts';

export type StorageOptions = Pick<ResponseCacheOptions, 'storage' | 'maxBytes' | 'maxEntries'>;

export interface KeptAnswersDeps {
  readonly clock: Clock;
  readonly instruments: Pick<
    Instruments,
    'cacheStores' | 'cacheEvictions' | 'cacheFailures' | 'cacheBytes'
  >;
  /** Default: in memory. */
  readonly openAnswers?: OpenAnswerStore<StorageOptions>;
}

/** The answers that a response cache has, and how often it had them, whatever its options. */
export class KeptAnswers {
  readonly store: AnswerStore;
  readonly storage: StorageOptions['storage'];
  /** Stops measuring, and lets go of the store. */
  readonly close: () => void;
  hits = 0;
  misses = 0;

  constructor(options: StorageOptions, { clock, instruments, openAnswers }: KeptAnswersDeps) {
    const { cacheStores, cacheEvictions, cacheFailures, cacheBytes } = instruments;
    const events = {
      kept: () => cacheStores.add(1),
      evicted: (count: number) => cacheEvictions.add(count),
      failed: () => cacheFailures.add(1),
    };
    const store = openAnswers?.(options, events) ?? new MemoryStore(options, events, clock);
    this.store = store;
    this.storage = options.storage;
    const measure: ObservableCallback = (result) => result.observe(store.size().bytes);
    cacheBytes.addCallback(measure);
    this.close = () => {
      cacheBytes.removeCallback(measure);
      store.close();
    };
  }
}
