import { LRUCache } from 'lru-cache';
import { type AnswerStoreOptions, ENTRY_BYTES } from './answer-store.ts';

/** An answer, and until when it may be given, in epoch ms. */
interface HotAnswer {
  readonly bytes: Buffer;
  readonly expiresAt: number;
}

/** Answers that are asked for again and again are few. */
const MAX_BYTES = 8 * 2 ** 20;
const MAX_ENTRIES = 1_000;

/** The answers of a store elsewhere that were asked for last, and which of them were given. */
export class HotAnswers {
  readonly #answers: LRUCache<string, HotAnswer>;
  /** In order of their last use. */
  readonly #uses = new Set<string>();

  /** @param options of the store, which has no more than that either */
  constructor({ maxBytes, maxEntries }: AnswerStoreOptions) {
    this.#answers = new LRUCache({
      max: Math.min(maxEntries, MAX_ENTRIES),
      maxSize: Math.min(maxBytes, MAX_BYTES),
      sizeCalculation: ({ bytes }) => bytes.length + ENTRY_BYTES,
    });
  }

  get(key: string, now: number): Buffer | undefined {
    const found = this.#answers.get(key);
    if (found === undefined || found.expiresAt <= now) return undefined;
    this.#uses.delete(key);
    this.#uses.add(key);
    const [oldest] = this.#uses;
    if (oldest !== undefined && this.#uses.size > MAX_ENTRIES) this.#uses.delete(oldest);
    return found.bytes;
  }

  put(key: string, answer: HotAnswer): void {
    this.#answers.set(key, answer);
  }

  delete(key: string): void {
    this.#answers.delete(key);
  }

  clear(): void {
    this.#answers.clear();
  }

  /** What was given since it was asked before, the longest ago first. */
  takeUses(): readonly string[] {
    const uses = [...this.#uses];
    this.#uses.clear();
    return uses;
  }
}
