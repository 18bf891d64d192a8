import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { messageOf } from '../store/ledger-error.ts';
import type { StoreClient, Stores } from '../store/store-client.ts';
import type { AnswerOperations, Changed, Placed } from './answer-operations.ts';
import {
  type AnswerStore,
  type AnswerStoreOptions,
  type CacheEntry,
  type CacheSelection,
  MAX_SENT_BYTES,
  type StoreEvents,
  type StoreSize,
} from './answer-store.ts';
import { Asker } from './asker.ts';
import { HotAnswers } from './hot-answers.ts';

/** How often answers are looked for whose time is over, and how often a failure is logged, in ms. */
const SWEEP_MS = 60_000;
const TELL_MS = 60_000;

export interface SqliteStoreDeps {
  readonly stores: Stores;
  readonly clock: Clock;
  /** By which answers are past their time: it has to hold for the next process, too. */
  readonly dated: Pick<Clock, 'now'>;
  readonly log: Pick<ProviderLog, 'warn'>;
}

/**
 * Answers in the data directory, which outlive the process. What is asked for often is in memory, too: a
 * message to the thread that keeps the file costs more than all else of a hit.
 */
export class SqliteStore implements AnswerStore {
  readonly #client: StoreClient<AnswerOperations>;
  readonly #dated: Pick<Clock, 'now'>;
  readonly #events: StoreEvents;
  readonly #asker: Asker;
  #options: AnswerStoreOptions;
  #size: StoreSize = { entries: 0, bytes: 0 };
  #invalidations = 0;
  readonly #hot: HotAnswers;
  /** Of what may be in the file: what was asked of it before is not known to be true any more. */
  #changes = 0;

  constructor(
    options: AnswerStoreOptions,
    events: StoreEvents,
    { stores, clock, dated, log }: SqliteStoreDeps,
  ) {
    this.#client = stores.client<AnswerOperations>('answers');
    this.#dated = dated;
    this.#events = events;
    this.#options = options;
    this.#hot = new HotAnswers(options);
    let toldAt = Number.NEGATIVE_INFINITY;
    this.#asker = new Asker(clock, (error) => {
      events.failed();
      if (clock.now() - toldAt < TELL_MS) return;
      toldAt = clock.now();
      const cause = messageOf(error);
      log.warn({ cause }, 'the response cache in the data directory fails; calls go on without it');
    });
    this.#trim();
  }

  /** Nobody else uses the directory. */
  get generation(): string {
    return String(this.#invalidations);
  }

  get(key: string): Buffer | undefined | Promise<Buffer | undefined> {
    return this.#hot.get(key, this.#dated.now()) ?? this.#read(key);
  }

  async #read(key: string): Promise<Buffer | undefined> {
    const changes = this.#changes;
    const now = this.#dated.now();
    const ask = () => this.#client.ask('get', key, now, this.#hot.takeUses());
    const found = await this.#asker.read(ask);
    if (found === undefined) return undefined;
    const { expiresAt, bytes: read } = found;
    // What comes from another thread is no Buffer any more.
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    if (changes === this.#changes) this.#hot.put(key, { bytes, expiresAt });
    return bytes;
  }

  set(key: string, entry: CacheEntry, ttlMs: number, generation: string | undefined): boolean {
    const { length } = entry.bytes;
    if (generation !== this.generation || length > MAX_SENT_BYTES) return false;
    const now = this.#dated.now();
    const answer = { ...entry, key, expiresAt: now + ttlMs };
    this.#changed(key);
    return this.#asker.write(length, async () => {
      this.#took(await this.#client.ask('set', answer, this.#options, now, this.#hot.takeUses()));
    });
  }

  async invalidate(selection: CacheSelection): Promise<number> {
    this.#invalidations += 1;
    this.#changed(selection.type === 'key' ? selection.key : undefined);
    if (selection.type === 'all') return this.#clear();
    let count = 0;
    try {
      for (let more = true; more; ) {
        const changed = await this.#client.ask('delete', selection);
        count += changed.count;
        more = changed.more;
        this.#size = changed.size;
      }
      return count;
    } catch {
      // Where nothing can be written, a full disk for one, it can still be given up as a whole.
      return count + (await this.#clear());
    }
  }

  size(): StoreSize {
    return this.#size;
  }

  resize(options: AnswerStoreOptions): void {
    const { maxBytes, maxEntries } = this.#options;
    this.#options = options;
    if (options.maxBytes >= maxBytes && options.maxEntries >= maxEntries) return;
    this.#changed();
    this.#trim();
  }

  close(): void {}

  /** @param key of the only answer that may not be true any more; absent: none may be */
  #changed(key?: string): void {
    this.#changes += 1;
    if (key === undefined) this.#hot.clear();
    else this.#hot.delete(key);
  }

  async #clear(): Promise<number> {
    const { count, size } = await this.#client.ask('clear');
    this.#size = size;
    return count;
  }

  /** Also tells how much there is. */
  #trim(): void {
    this.#asker.write(0, async () => {
      const limits = this.#options;
      const { count, more, size } = await this.#client.ask('trim', limits);
      this.#size = size;
      if (count > 0) this.#events.evicted(count);
      if (more) this.#trim();
    });
  }

  #took({ kept, evicted, size }: Placed): void {
    this.#size = size;
    for (const key of evicted) this.#changed(key);
    if (evicted.length > 0) this.#events.evicted(evicted.length);
    if (kept) this.#events.kept();
  }
}

/**
 * Takes out what is past its time, whether or not the cache is used that left it. Returns what ends it.
 */
export function sweepAnswers({ stores, clock, dated }: Omit<SqliteStoreDeps, 'log'>): () => void {
  const client = stores.client<AnswerOperations>('answers');
  let hasEnded = false;
  let timer: Timer | undefined;
  const sweep = async (): Promise<void> => {
    // What cannot be done now is done the next time.
    const none: Pick<Changed, 'more'> = { more: false };
    const { more } = await client.ask('sweep', dated.now()).catch(() => none);
    if (hasEnded) return;
    if (more) await sweep();
    else timer = clock.after(SWEEP_MS, sweep, true);
  };
  void sweep();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}
