import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import { messageOf } from '../store/ledger-error.ts';
import type { StoreClient, Stores } from '../store/store-client.ts';
import type { AnswerOperations, Changed, Kept } from './answer-operations.ts';
import {
  type AnswerStore,
  type AnswerStoreOptions,
  type CacheSelection,
  type Entry,
  MAX_SENT_BYTES,
  type StoreEvents,
  type StoreSize,
} from './answer-store.ts';
import { Asker } from './asker.ts';

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

/** Answers in the data directory, which outlive the process. */
export class SqliteStore implements AnswerStore {
  readonly #client: StoreClient<AnswerOperations>;
  readonly #dated: Pick<Clock, 'now'>;
  readonly #events: StoreEvents;
  readonly #asker: Asker;
  #options: AnswerStoreOptions;
  #size: StoreSize = { entries: 0, bytes: 0 };
  #invalidations = 0;

  constructor(
    options: AnswerStoreOptions,
    events: StoreEvents,
    { stores, clock, dated, log }: SqliteStoreDeps,
  ) {
    this.#client = stores.client<AnswerOperations>('answers');
    this.#dated = dated;
    this.#events = events;
    this.#options = options;
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

  async get(key: string): Promise<Buffer | undefined> {
    const found = await this.#asker.read(() => this.#client.ask('get', key, this.#dated.now()));
    // What comes from another thread is no Buffer any more.
    return found && Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  }

  set(key: string, entry: Entry, ttlMs: number, generation: string | undefined): boolean {
    const { length } = entry.bytes;
    if (generation !== this.generation || length > MAX_SENT_BYTES) return false;
    const now = this.#dated.now();
    const answer = { ...entry, key, expiresAt: now + ttlMs };
    return this.#asker.write(length, async () => {
      this.#took(await this.#client.ask('set', answer, this.#options, now));
    });
  }

  async invalidate(selection: CacheSelection): Promise<number> {
    this.#invalidations += 1;
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
    if (options.maxBytes < maxBytes || options.maxEntries < maxEntries) this.#trim();
  }

  close(): void {}

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

  #took({ kept, evicted, size }: Kept): void {
    this.#size = size;
    if (evicted > 0) this.#events.evicted(evicted);
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
