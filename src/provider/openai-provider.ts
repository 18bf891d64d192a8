import { setImmediate as nextTurn } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import type { BudgetState } from '../core/budget-state.ts';
import {
  type Call,
  type Emit,
  type Handler,
  NOTHING_APPLIED,
  newCallRecord,
} from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { collect } from '../core/collect.ts';
import { ProviderError } from '../core/errors.ts';
import type { Completed, MessageResponse, ProviderEvent } from '../core/events.ts';
import { Flow } from '../core/flow.ts';
import type { MessageRequest } from '../core/message.ts';
import { unknownModel } from '../core/model.ts';
import { pull } from '../core/pull.ts';
import { endReason, linkSignal } from '../core/signal.ts';
import type { StoreStatus } from '../core/store-status.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { BudgetBook } from '../money/budget/book.ts';
import type { ResponseCache } from '../money/cache/response-cache.ts';
import type { Ledger, LedgerQuery, LedgerStatus, LedgerSums } from '../money/ledger/ledger.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import type { RateLimitOptions } from '../policies/rate-limit/options.ts';
import type { CatalogueStore } from '../request/catalogue/store.ts';
import type { Router } from '../request/route/router.ts';
import type { TokenCounter } from '../request/tokens/token-counter.ts';
import type { BatchMeans } from './batch-means.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { ModelList } from './model-list.ts';
import type {
  AnswerOptions,
  BudgetQuery,
  CacheSelection,
  CacheStatus,
  CallOptions,
  IAIProvider,
  IAIUsageProvider,
  ModelInfo,
  ProviderCapabilities,
  ProviderIdentity,
  SendOptions,
  TokenCount,
  UpstreamStatus,
} from './provider.ts';
import type { UpstreamParts } from './upstream-parts.ts';

export interface OpenAIProviderIdentity {
  /** Semver. */
  readonly version: string;
  /** What initialize tells beside what it finds, a sentence each. */
  readonly warnings: readonly string[];
  /** The upstream that is asked where none is named. */
  readonly home: string;
  /** Of the default upstream. */
  readonly rateLimit: RateLimitOptions;
}

export interface OpenAIProviderDeps {
  readonly pipeline: Handler;
  /** Prepares calls as the pipeline does. */
  readonly router: Pick<Router, 'first' | 'fit'>;
  readonly upstreams: readonly Pick<
    UpstreamParts,
    'name' | 'listing' | 'health' | 'status' | 'close'
  >[];
  /** Of the default upstream. */
  readonly models: ModelList;
  readonly store: Pick<CatalogueStore, 'warnings' | 'close'>;
  readonly ledger: Pick<Ledger, 'sums' | 'batches' | 'status'>;
  /** Absent: nothing is shared. */
  readonly sharedStoreStatus?: () => StoreStatus;
  readonly batchMeans: Omit<BatchMeans, 'prepare' | 'send'>;
  readonly book: Pick<BudgetBook, 'states'>;
  /** Absent: it is not configured. */
  readonly cache?: Pick<ResponseCache, 'invalidate' | 'status' | 'close'>;
  /** Writes out what is left of them. */
  readonly closeBooks: () => Promise<void>;
  readonly tokens: TokenCounter;
  /** Where calls wait for a circuit. */
  readonly room: Pick<WaitingRoom, 'close'>;
  readonly clock: Clock;
  readonly newId: () => string;
}

const NAME = 'openai';

/** Tamma's IAIProvider for OpenAI and what is compatible with it. */
export class OpenAIProvider implements IAIProvider, IAIUsageProvider {
  readonly #identity: OpenAIProviderIdentity;
  readonly #deps: OpenAIProviderDeps;
  /** Of the models as they are listed. */
  #capabilities: ProviderCapabilities | undefined;

  constructor(identity: OpenAIProviderIdentity, deps: OpenAIProviderDeps) {
    this.#identity = identity;
    this.#deps = deps;
  }

  async initialize(options: CallOptions = {}): Promise<ProviderIdentity> {
    const { upstreams, store } = this.#deps;
    const problems = await within(options.signal, (signal) =>
      Promise.all(
        upstreams.map(async (parts) => [parts.name, await this.#problemOf(parts, signal)] as const),
      ),
    );
    if (options.signal?.aborted) throw endReason(options.signal);
    return {
      provider: NAME,
      version: this.#identity.version,
      ready: problems.every(([name, problem]) => name !== this.#identity.home || problem === ''),
      warnings: [
        ...this.#identity.warnings,
        ...store.warnings,
        ...problems.flatMap(([, problem]) => problem || []),
      ],
    };
  }

  sendMessage(request: MessageRequest, options: SendOptions = {}): AsyncIterable<ProviderEvent> {
    const call = this.#call(request, options);
    return pull(
      (emit, flow, signal) => this.#deps.pipeline({ ...call, flow, signal }, emit),
      call.signal,
    );
  }

  answer(request: MessageRequest, options: AnswerOptions, emit: Emit): Promise<Completed> {
    return this.#deps.pipeline(this.#call(request, options), emit);
  }

  sendMessageSync(request: MessageRequest, options: CallOptions = {}): Promise<MessageResponse> {
    // Nothing of a broken answer reaches the caller, so it may be answered anew.
    const call = this.#call(request, { ...options, recovery: 'hold_back' });
    return collect((emit) => this.#deps.pipeline(call, emit), request.metadata ?? {});
  }

  async getCapabilities(): Promise<ProviderCapabilities> {
    const { version, rateLimit } = this.#identity;
    const { known } = this.#deps.models;
    const hasBatches = this.batchBooks !== undefined;
    if (this.#capabilities?.supportedModels !== known) {
      this.#capabilities = {
        provider: NAME,
        version,
        ...capabilitiesOf(known, rateLimit, hasBatches),
      };
    }
    return this.#capabilities;
  }

  getModels(options: CallOptions = {}): Promise<readonly ModelInfo[]> {
    return within(options.signal, (signal) => this.#deps.models.get(signal));
  }

  async countTokens(request: MessageRequest, options: CallOptions = {}): Promise<TokenCount> {
    const call = this.#deps.router.first(this.#call(request, options));
    return within(options.signal, (signal) =>
      this.#deps.tokens.count(call.record.model, call.target.model, call.request, signal),
    );
  }

  upstreams(): readonly UpstreamStatus[] {
    return this.#deps.upstreams.map((parts) => parts.status());
  }

  invalidateCache(selection: CacheSelection): number {
    return this.#deps.cache?.invalidate(selection) ?? 0;
  }

  cacheStatus(): CacheStatus | undefined {
    return this.#deps.cache?.status();
  }

  ledgerStatus(): LedgerStatus {
    return this.#deps.ledger.status();
  }

  sharedStoreStatus(): StoreStatus | undefined {
    return this.#deps.sharedStoreStatus?.();
  }

  async getUsage(query: LedgerQuery, options: CallOptions = {}): Promise<LedgerSums> {
    if (options.signal?.aborted) throw endReason(options.signal);
    try {
      return await this.#deps.ledger.sums(query, options.signal);
    } catch (thrown) {
      throw ProviderError.from(thrown);
    }
  }

  getBudgets(query: BudgetQuery): readonly BudgetState[] {
    return this.#deps.book.states(query);
  }

  /** What it lends to whoever works off batches. */
  get batchMeans(): BatchMeans {
    const { router, batchMeans } = this.#deps;
    return {
      ...batchMeans,
      prepare: async (request, options) => router.fit(router.first(this.#call(request, options))),
      send: (request, options) => this.sendMessageSync(request, { ...options, background: true }),
    };
  }

  /** What is kept of batches; undefined without a data directory. */
  get batchBooks(): BatchBooks | undefined {
    return this.#deps.ledger.batches;
  }

  async dispose(): Promise<void> {
    const { upstreams, store, tokens, cache, room, closeBooks } = this.#deps;
    store.close();
    cache?.close();
    room.close();
    await Promise.all(upstreams.map((parts) => parts.close()));
    await tokens.close();
    // Calls that were broken off just now settle what they consumed.
    await nextTurn();
    await closeBooks();
  }

  /** Why an upstream does not list its models; empty: it does. */
  async #problemOf(
    { name, listing, health }: OpenAIProviderDeps['upstreams'][number],
    signal: AbortSignal,
  ): Promise<string> {
    const list =
      name === this.#identity.home ? this.#deps.models.refresh(signal) : listing.get(signal);
    try {
      await list;
      health.succeeded();
      return '';
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      const { reason, message } = error;
      if (!signal.aborted) health.failed(reason);
      return `Listing the models of ${name} failed (${reason}): ${message}`;
    }
  }

  #call(request: MessageRequest, options: AnswerOptions): Call {
    const { firstTokenTimeoutMs, idleTimeoutMs } = options;
    return {
      id: options.id ?? this.#deps.newId(),
      ...(options.caller === undefined ? {} : { caller: options.caller }),
      asked: request,
      request,
      violations: options.violations ?? [],
      model: request.model ?? '',
      upstream: this.#identity.home,
      target: { model: unknownModel(request.model ?? ''), surface: 'chat_completions' },
      alternatives: [],
      key: 0,
      applied: NOTHING_APPLIED,
      warnings: [],
      recovery: options.recovery ?? 'fail',
      ...(options.background && { background: true }),
      ...(firstTokenTimeoutMs === undefined ? {} : { firstTokenTimeoutMs }),
      ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
      flow: options.flow ?? new Flow(),
      signal: options.signal ?? new AbortController().signal,
      deadline: options.deadline ?? Number.POSITIVE_INFINITY,
      context: options.context ?? context.active(),
      record: options.record ?? newCallRecord(this.#deps.clock.now()),
      attempt: 0,
      onProgress: () => {},
      onHeadroom: () => {},
    };
  }
}

/** Runs `work` with a signal whose reason is a ProviderError. */
async function within<T>(
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { controller, unlink } = linkSignal(parent ?? new AbortController().signal);
  try {
    return await work(controller.signal);
  } finally {
    unlink();
  }
}
