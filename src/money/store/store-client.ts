import type { Operations } from './protocol.ts';

/** What a store is asked through. */
export interface StoreClient<S extends Operations> {
  /**
   * Rejects with what the operation threw, as DatabaseError or LedgerError; also if the worker has
   * ended, or more than 1,000 requests wait for it.
   */
  ask<K extends keyof S & string>(
    operation: K,
    ...args: Parameters<S[K]>
  ): Promise<ReturnType<S[K]>>;
  /** The same, but nothing else happens in this thread meanwhile. For the start alone. */
  askNow<K extends keyof S & string>(operation: K, ...args: Parameters<S[K]>): ReturnType<S[K]>;
}

/** What is kept, by the stores that the worker has. */
export interface Stores {
  client<S extends Operations>(store: string): StoreClient<S>;
}
