import type { Clock } from '../../core/clock.ts';
import {
  type AnswerStore,
  type AnswerStoreOptions,
  type CacheEntry,
  type CacheSelection,
  ENTRY_BYTES,
  MAX_SENT_BYTES,
  type StoreEvents,
  type StoreSize,
} from '../../money/cache/answer-store.ts';
import { Asker } from '../../money/cache/asker.ts';
import { keySpace } from '../redis/keys.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import { type LuaScript, type ScriptRunner, StoreAwayError } from '../redis/script.ts';
import { GET_ANSWER, RENEW_ANSWERS, SET_ANSWER, TAKE_OUT_ANSWERS } from './script.ts';

/** Of what is kept, beside that of the answers: sidecars of another version have keys of their own. */
const FORMAT = 1;

/** Pieces in which answers are taken out. */
const MAX_PIECES = 100_000;

/** Answers on the server that several sidecars share: what one of them asked, the others need not. */
export class SharedAnswers implements AnswerStore {
  readonly #runner: ScriptRunner;
  readonly #keys: readonly string[];
  readonly #prefix: string;
  readonly #events: StoreEvents;
  readonly #asker: Asker;
  #options: AnswerStoreOptions;
  /** As the server said last. */
  #size: StoreSize = { entries: 0, bytes: 0 };
  #generation: string | undefined;

  constructor(
    runner: ScriptRunner,
    { keyPrefix }: Pick<SharedStoreOptions, 'keyPrefix'>,
    clock: Clock,
    options: AnswerStoreOptions,
    events: StoreEvents,
  ) {
    const key = (name: string) => keySpace(keyPrefix)('cache', FORMAT, name);
    this.#runner = runner;
    this.#keys = ['state', 'index', 'used', 'ends'].map(key);
    this.#prefix = `${key('answer')}:`;
    this.#options = options;
    this.#events = events;
    // That the server is away is logged by who connects to it.
    this.#asker = new Asker(clock, () => events.failed());
  }

  get generation(): string | undefined {
    return this.#generation;
  }

  async get(key: string): Promise<Buffer | undefined> {
    const [answer] = (await this.#asker.read(() => this.#run(GET_ANSWER, [key]))) ?? [];
    return typeof answer === 'string' ? Buffer.from(answer) : undefined;
  }

  set(key: string, entry: CacheEntry, ttlMs: number, generation: string | undefined): boolean {
    const { bytes, model, projectId } = entry;
    const { maxBytes, maxEntries } = this.#options;
    const size = bytes.length + ENTRY_BYTES;
    if (!this.#runner.isUp || generation === undefined) return false;
    if (bytes.length > MAX_SENT_BYTES || size > maxBytes) return false;
    const ttl = String(Math.max(1, Math.ceil(ttlMs)));
    const most = [maxBytes, maxEntries].map(String);
    const args = [key, bytes.toString(), ttl, String(size), model, projectId, generation, ...most];
    return this.#asker.write(bytes.length, async () => {
      const [isKept, evicted] = (await this.#run(SET_ANSWER, args)).map(Number);
      if (evicted) this.#events.evicted(evicted);
      if (isKept === 1) this.#events.kept();
    });
  }

  async invalidate(selection: CacheSelection): Promise<number> {
    const { projectId } = { projectId: undefined, ...selection };
    const ofProject = [projectId ?? '', projectId === undefined ? '0' : '1'];
    const key = selection.type === 'key' ? selection.key : '';
    const [taken] = await this.#run(RENEW_ANSWERS, [key, ...ofProject]);
    if (selection.type === 'key') return countIn(taken);
    const ofModel = selection.type === 'model' ? [selection.model, '1'] : ['', '0'];
    let count = 0;
    let cursor = '0';
    let pieces = 0;
    do {
      pieces += 1;
      if (pieces > MAX_PIECES) throw new Error('The shared store has answers without an end.');
      const [next, gone] = await this.#run(TAKE_OUT_ANSWERS, [cursor, ...ofModel, ...ofProject]);
      count += countIn(gone);
      cursor = String(next);
    } while (cursor !== '0');
    return count;
  }

  size(): StoreSize {
    return this.#size;
  }

  /** What has no room any more goes with the next answers. */
  resize(options: AnswerStoreOptions): void {
    this.#options = options;
  }

  close(): void {}

  /** What a script says beside how the cache stands, which is noted. */
  async #run(script: LuaScript, args: readonly string[]): Promise<readonly unknown[]> {
    if (!this.#runner.isUp) throw new StoreAwayError('The shared store is away.');
    const reply = await this.#runner.run(script, this.#keys, [this.#prefix, ...args]);
    const [generation, entries, bytes, ...rest] = reply as readonly unknown[];
    this.#generation = String(generation);
    this.#size = { entries: countIn(entries), bytes: countIn(bytes) };
    return rest;
  }
}

/** @throws Error if it is no whole number, which nobody could be told */
function countIn(value: unknown): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count)) throw new Error('The shared store answers what is no cache.');
  // What the index had lost before is taken off all the same.
  return Math.max(0, count);
}
