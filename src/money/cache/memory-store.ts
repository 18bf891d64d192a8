import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';

/** An answer as it is kept. */
export interface Entry {
  /** See `encodeAnswer`. */
  readonly bytes: Buffer;
  /** Id of its model in the catalogue, or the name that was sent if it is in none. */
  readonly model: string;
  /** Of the call that it was made for; empty: it named none. */
  readonly projectId: string;
}

export interface MemoryStoreOptions {
  /** Of all entries together, what they take beside their bytes included. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** What an entry takes beside its bytes: key, names, and its place in the lists. */
const ENTRY_BYTES = 512;

/** Answers in this process, the longest unused of which go first. */
export class MemoryStore {
  #entries: LRUCache<string, Entry>;
  readonly #newEntries: (options: MemoryStoreOptions) => LRUCache<string, Entry>;
  #options: MemoryStoreOptions;

  /** @param onEvict called for each entry that goes because there is no room */
  constructor(options: MemoryStoreOptions, clock: Clock, onEvict: () => void) {
    this.#newEntries = ({ maxEntries, maxBytes }) =>
      new LRUCache<string, Entry>({
        max: maxEntries,
        maxSize: maxBytes,
        sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
        perf: clock,
        // Else it keeps the time with a timer of its own.
        ttlResolution: 0,
        dispose: (_entry, _key, reason) => {
          if (reason === 'evict') onEvict();
        },
      });
    this.#options = options;
    this.#entries = this.#newEntries(options);
  }

  /** Makes it larger or smaller. What has no room any more goes, the longest unused first. */
  resize(options: MemoryStoreOptions): void {
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

  /** Those that are past their time and were not asked for since included. */
  get entries(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps an entry for `ttlMs`. False: it is too large. */
  set(key: string, entry: Entry, ttlMs: number): boolean {
    this.#entries.set(key, entry, { ttl: Math.max(1, Math.ceil(ttlMs)) });
    return this.#entries.has(key);
  }

  /** @param projectId the answer must be of it. Absent: it may be of any. */
  delete(key: string, projectId?: string): boolean {
    if (projectId !== undefined && this.#entries.peek(key)?.projectId !== projectId) return false;
    return this.#entries.delete(key);
  }

  /** Takes out those that fit. Returns how many. */
  deleteWhere(fits: (entry: Entry) => boolean): number {
    let deleted = 0;
    for (const [key, entry] of [...this.#entries.entries()]) {
      if (fits(entry) && this.#entries.delete(key)) deleted += 1;
    }
    return deleted;
  }
}
