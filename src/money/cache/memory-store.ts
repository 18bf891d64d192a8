import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import {
  type AnswerStore,
  type AnswerStoreOptions,
  type CacheEntry,
  type CacheSelection,
  ENTRY_BYTES,
  type StoreEvents,
  type StoreSize,
} from './answer-store.ts';

/** Answers in this process, outside its JavaScript heap. */
export class MemoryStore implements AnswerStore {
  #entries: LRUCache<string, CacheEntry>;
  readonly #newEntries: (options: AnswerStoreOptions) => LRUCache<string, CacheEntry>;
  readonly #events: StoreEvents;
  #options: AnswerStoreOptions;
  #invalidations = 0;

  constructor(options: AnswerStoreOptions, events: StoreEvents, clock: Clock) {
    this.#newEntries = ({ maxEntries, maxBytes }) =>
      new LRUCache<string, CacheEntry>({
        max: maxEntries,
        maxSize: maxBytes,
        sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
        perf: clock,
        // Else it keeps the time with a timer of its own.
        ttlResolution: 0,
        dispose: (_entry, _key, reason) => {
          if (reason === 'evict') events.evicted(1);
        },
      });
    this.#events = events;
    this.#options = options;
    this.#entries = this.#newEntries(options);
  }

  get generation(): string {
    return String(this.#invalidations);
  }

  get(key: string): Buffer | undefined {
    return this.#entries.get(key)?.bytes;
  }

  set(key: string, entry: CacheEntry, ttlMs: number, generation: string | undefined): boolean {
    if (generation !== this.generation) return false;
    this.#entries.set(key, entry, { ttl: Math.max(1, Math.ceil(ttlMs)) });
    const isKept = this.#entries.has(key);
    if (isKept) this.#events.kept();
    return isKept;
  }

  invalidate(selection: CacheSelection): number {
    this.#invalidations += 1;
    let deleted = 0;
    const candidates = selection.type === 'key' ? [selection.key] : [...this.#entries.keys()];
    for (const key of candidates) {
      const entry = this.#entries.peek(key);
      if (entry !== undefined && isIn(selection, entry) && this.#entries.delete(key)) deleted += 1;
    }
    return deleted;
  }

  size(): StoreSize {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize };
  }

  resize(options: AnswerStoreOptions): void {
    const { maxBytes, maxEntries } = this.#options;
    this.#options = options;
    if (options.maxBytes === maxBytes && options.maxEntries === maxEntries) return;
    const before = this.#entries;
    this.#entries = this.#newEntries(options);
    // The longest unused first, as they came.
    for (const key of before.rkeys()) {
      const entry = before.peek(key);
      const ttl = Math.ceil(before.getRemainingTTL(key));
      if (entry !== undefined && ttl > 0) this.#entries.set(key, entry, { ttl });
    }
  }

  close(): void {}
}

function isIn(selection: CacheSelection, { model, projectId }: CacheEntry): boolean {
  if (selection.type === 'all') return true;
  if (selection.type === 'model' && selection.model !== model) return false;
  return selection.projectId === undefined || selection.projectId === projectId;
}
