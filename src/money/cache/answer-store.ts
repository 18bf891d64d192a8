/** An answer as it is kept. */
export interface CacheEntry {
  /** See `encodeAnswer`. */
  readonly bytes: Buffer;
  /** Id of its model in the catalogue, or the name that was sent if it is in none. */
  readonly model: string;
  /** Of the call that it was made for; empty: it named none. */
  readonly projectId: string;
}

/** How much is kept. */
export interface AnswerStoreOptions {
  /** Of all entries together, ENTRY_BYTES for each included; above 0. */
  readonly maxBytes: number;
  /** 1 or more. */
  readonly maxEntries: number;
}

/** What an entry takes beside its bytes: key, names, and its place in lists and indexes. */
export const ENTRY_BYTES = 512;

/**
 * A longer answer, in bytes, is not kept in a store that others wait for: it would hold them up. No model
 * writes so much text.
 */
export const MAX_SENT_BYTES = 2 ** 20;

/**
 * Which answers to take out: all, those of a model or a project, or one by its key. With a project
 * beside it, only if they are of that.
 */
export type CacheSelection =
  | { readonly type: 'all' }
  | { readonly type: 'model'; readonly model: string; readonly projectId?: string }
  | { readonly type: 'project'; readonly projectId: string }
  | { readonly type: 'key'; readonly key: string; readonly projectId?: string };

/** What is in a store, as far as it is known. */
export interface StoreSize {
  /** Those that are past their time and were not taken out yet included. */
  readonly entries: number;
  /** See AnswerStoreOptions. */
  readonly bytes: number;
}

/** What a store tells the one who uses it. */
export interface StoreEvents {
  /** An answer is in it. */
  kept(): void;
  /** So many went because there was no room. */
  evicted(count: number): void;
  /** It did not do what it was asked for a call, or not in time: the call went on without. */
  failed(): void;
}

/**
 * Where answers are kept, by key. No call fails because of one, and none waits longer than 20 ms: one
 * that is away, or slow, has no answer.
 */
export interface AnswerStore {
  /**
   * What was kept under a key whose time is not over, and is in use again; undefined if there is none,
   * or it is not to be had now. Never throws or rejects.
   */
  get(key: string): Buffer | undefined | Promise<Buffer | undefined>;
  /**
   * Changes whenever something is taken out by `invalidate`, by whoever shares the store: an answer that
   * is under way then must not be kept. Undefined: it is not known, so nothing can be kept.
   */
  readonly generation: string | undefined;
  /**
   * Keeps an entry for `ttlMs`; the longest unused make room.
   *
   * @param generation of the moment in which the answer began
   * @returns whether it is kept, or on its way there. Never throws
   */
  set(key: string, entry: CacheEntry, ttlMs: number, generation: string | undefined): boolean;
  /**
   * Takes entries out. Returns how many.
   *
   * @param selection with the id of a model
   * @throws Error if it cannot be known whether they are out
   */
  invalidate(selection: CacheSelection): number | Promise<number>;
  size(): StoreSize;
  /** Makes it larger or smaller. What has no room any more goes, the longest unused first. */
  resize(options: AnswerStoreOptions): void;
  /** It is not used any more. What it keeps outside of this process stays. */
  close(): void;
}

export type OpenAnswerStore<Options extends AnswerStoreOptions = AnswerStoreOptions> = (
  options: Options,
  events: StoreEvents,
) => AnswerStore;
