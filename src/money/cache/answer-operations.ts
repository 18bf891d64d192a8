import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createFile } from '../store/directory.ts';
import { isDamage } from '../store/protocol.ts';
import type { StorePlace } from '../store/serve-stores.ts';
import type { AnswerStoreOptions, CacheSelection, StoreSize } from './answer-store.ts';
import { AnswerTable, type FoundAnswer, MAX_DELETED, type NewAnswer } from './answer-table.ts';

/** What the store of answers does in the worker. */
export type AnswerOperations = ReturnType<typeof answerStore>;

/** How a change of it ended. */
export interface Changed {
  readonly count: number;
  /** Whether there may be more to do. */
  readonly more: boolean;
  readonly size: StoreSize;
}

/** What becomes of an answer. */
export interface Placed {
  /** False: there was no room. */
  readonly kept: boolean;
  /** Keys of others that made room. */
  readonly evicted: readonly string[];
  readonly size: StoreSize;
}

const NOTHING: StoreSize = { entries: 0, bytes: 0 };

/**
 * The answers of the response cache as the worker has them: in a file of their own, for the ledger is
 * not to be larger, slower to check or lost for them. It is made with the first answer. A file that is
 * damaged, or of another version, is begun anew: to lose it costs no more than to ask again.
 */
export function answerStore({ directory, onClose }: StorePlace) {
  let table: AnswerTable | undefined;
  onClose?.(() => table?.close());
  const path = (): string => {
    if (directory === undefined) throw new Error('answers are kept in a directory alone');
    return join(directory, ANSWERS_FILE);
  };
  const discard = (): void => {
    table?.close();
    table = undefined;
    removeAnswers(path());
  };
  /** @param none what it comes to if there is no file, and none is to be made */
  const within = <T>(none: T, work: (table: AnswerTable) => T, make = false): T => {
    if (table === undefined && !existsSync(path())) {
      if (!make) return none;
      createFile(path());
    }
    try {
      table ??= new AnswerTable(path());
      return work(table);
    } catch (error) {
      if (!isDamage(error)) throw error;
      discard();
      return none;
    }
  };
  const changed = (work: (table: AnswerTable) => number): Changed =>
    within({ count: 0, more: false, size: NOTHING }, (open) => {
      const count = work(open);
      return { count, more: count >= MAX_DELETED, size: open.size };
    });
  return {
    /** `now` in epoch ms, here and below. */
    /** @param used keys of answers that were given without asking here, in their order */
    get: (key: string, now: number, used: readonly string[]): FoundAnswer | undefined =>
      within(undefined, (open) => {
        open.noteUses(used);
        return open.get(key, now);
      }),
    set: (
      answer: NewAnswer,
      limits: AnswerStoreOptions,
      now: number,
      used: readonly string[],
    ): Placed =>
      within(
        { kept: false, evicted: [], size: NOTHING },
        (open) => {
          open.noteUses(used);
          const evicted = open.set(answer, limits, now);
          return { kept: evicted !== undefined, evicted: evicted ?? [], size: open.size };
        },
        true,
      ),
    delete: (selection: Exclude<CacheSelection, { type: 'all' }>): Changed =>
      changed((open) => open.delete(selection)),
    /** Takes out what is past its time. */
    sweep: (now: number): Changed => changed((open) => open.sweep(now)),
    /** Takes out what has no room. */
    trim: (limits: AnswerStoreOptions): Changed => changed((open) => open.trim(limits)),
    /** Takes out all, and gives back what it took of the disk, a full one included. */
    clear: (): Changed => {
      const { entries } = within(NOTHING, (open) => open.size);
      discard();
      return { count: entries, more: false, size: NOTHING };
    },
  };
}

const ANSWERS_FILE = 'cache.sqlite';

/** Takes the file of a directory that no sidecar uses. Whether there was one. */
export function forgetAnswers(directory: string): boolean {
  const path = join(directory, ANSWERS_FILE);
  const isThere = existsSync(path);
  removeAnswers(path);
  return isThere;
}

function removeAnswers(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
