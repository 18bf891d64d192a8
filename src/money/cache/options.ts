import type { TaskType } from '../../core/message.ts';
import type { AnswerStoreOptions } from './answer-store.ts';

/** Which calls use the cache, and what of their answers is kept. */
export interface CacheRule {
  /** Whether calls that say nothing of it use the cache. False: none can. Default false. */
  readonly enabled: boolean;
  /** How long an answer is kept whose call does not say, in ms, above 0. Default an hour. */
  readonly ttlMs: number;
  /** Whether only calls are served that ask for temperature 0, or whose model takes none. Default true. */
  readonly deterministicOnly: boolean;
  /** Whether answers are kept that call tools, or for which the upstream ran some. Default false. */
  readonly allowToolCalls: boolean;
}

/** Where some models differ. */
export interface ModelCache extends Partial<CacheRule> {
  /** Of the model's id or of the name that is sent, with `*` and `?`. */
  readonly pattern: string;
}

/** What of the answers is kept, for whom and how long. */
export interface ResponseCacheOptions extends CacheRule, AnswerStoreOptions {
  /** The first whose pattern fits counts. Default: none. */
  readonly models: readonly ModelCache[];
  /** What calls for a task have, whatever their model. Default: none. */
  readonly tasks: Readonly<Partial<Record<TaskType, Partial<CacheRule>>>>;
  /**
   * Where answers are: in this process, in the directory of the ledger, or in the shared store, which the
   * provider needs then. As it was at the start. Default `memory`.
   */
  readonly storage: 'memory' | 'sqlite' | 'redis';
  /** Who gets an answer: calls of the same project (`project_id`), or all of them. Default `project`. */
  readonly share: 'project' | 'all';
}

/** Off; what else the configuration leaves out. */
export const DEFAULT_RESPONSE_CACHE: ResponseCacheOptions = {
  enabled: false,
  ttlMs: 3_600_000,
  maxBytes: 64 * 2 ** 20,
  maxEntries: 10_000,
  storage: 'memory',
  share: 'project',
  deterministicOnly: true,
  allowToolCalls: false,
  models: [],
  tasks: {},
};
