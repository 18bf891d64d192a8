import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BudgetState } from '../core/budget-state.ts';
import type { Call, Emit } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { collect } from '../core/collect.ts';
import { ProviderError } from '../core/errors.ts';
import type { Completed, MessageResponse, ProviderEvent } from '../core/events.ts';
import type { MessageRequest } from '../core/message.ts';
import { pull } from '../core/pull.ts';
import { endReason } from '../core/signal.ts';
import type { StoreStatus } from '../core/store-status.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { BudgetBook } from '../money/budget/book.ts';
import type { Ledger, LedgerQuery, LedgerStatus, LedgerSums } from '../money/ledger/ledger.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import type { KeptRegister } from '../policies/recovery/kept-register.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { TokenCounter } from '../request/tokens/token-counter.ts';
import { checkTypes } from '../request/validate/types.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import type { BatchMeans } from './batch-means.ts';
import { capabilitiesOf } from './capabilities.ts';
import { identify } from './identify.ts';
import { newCall } from './new-call.ts';
import type { OpenAIProviderOptions } from './options.ts';
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
import type { Setup, SetupParts } from './setup.ts';
import { within } from './within.ts';

export interface OpenAIProviderDeps {
  readonly ledger: Pick<Ledger, 'sums' | 'batches' | 'status'>;
  /** Absent: nothing is shared. */
  readonly sharedStoreStatus?: () => StoreStatus;
  readonly book: BudgetBook;
  /** Writes out what is left of them. */
  readonly closeBooks: () => Promise<void>;
  readonly tokens: TokenCounter;
  readonly sizes: PromptSizes;
  readonly labels: ModelLabels;
  /** Where calls wait for a circuit. */
  readonly room: Pick<WaitingRoom, 'close'>;
  /** Answers that upstreams keep. */
  readonly register: Pick<KeptRegister, 'close'>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What calls work with under other options. Throws if there can be none; then nothing has changed. */
  readonly rebuild: (options: OpenAIProviderOptions, before: SetupParts) => Setup;
}

const NAME = 'openai';

/** Tamma's IAIProvider for OpenAI and what is compatible with it. */
export class OpenAIProvider implements IAIProvider, IAIUsageProvider {
  readonly #deps: OpenAIProviderDeps;
  /** What calls begin with. */
  #setup: Setup;
  /** What others go on with that began before it was replaced. */
  readonly #replaced = new Set<Setup>();
  /** Of the models as they are listed. */
  #capabilities: ProviderCapabilities | undefined;

  constructor(setup: Setup, deps: OpenAIProviderDeps) {
    this.#setup = setup;
    this.#deps = deps;
  }

  /** Does what `reconfigure` is a part of, in one turn, once what the ledger has is booked in the budgets. */
  whenBooked(work: () => void): Promise<void> {
    return this.#deps.book.bookings.change(work);
  }

  /**
   * Other options from now on, for the calls that begin from now on; those that run go on with the ones
   * they have. What was learned and spent stays with the targets and budgets that stay. `ledger`,
   * `sharedStore` and `costs.trackingEnabled` are as they were at the start. To be called in `whenBooked` where there
   * are batches.
   *
   * @throws what createOpenAIProvider throws; then everything is as it was
   */
  reconfigure(options: OpenAIProviderOptions): void {
    const before = this.#setup;
    this.#setup = this.#deps.rebuild(options, before.parts);
    this.#replaced.add(before);
    void before.replacedBy(this.#setup.parts).then(() => this.#replaced.delete(before));
  }

  initialize(options: CallOptions = {}): Promise<ProviderIdentity> {
    return this.#use((parts) => identify(NAME, parts, options.signal));
  }

  /**
   * Loads what the first call needs, so that it is answered like any other. Sends nothing. Takes a tenth
   * of a second of the event loop. Never rejects.
   */
  async warm(): Promise<void> {
    const { upstreams } = this.#setup.parts;
    await Promise.all(upstreams.map(({ connection }) => connection.upstream.value.warm()));
  }

  /** Loads the tokenizer (80 MiB) where the first call may wait for it: with budgets or hedging. Never rejects. */
  async loadTokenizer(): Promise<void> {
    const { budgets, hedge } = this.#setup.parts.settings;
    const hedges = hedge.after !== 'off' || hedge.models.length > 0;
    if (hedges || budgets.budgets.length > 0) await this.#deps.tokens.load('o200k_base');
  }

  sendMessage(request: MessageRequest, options: SendOptions = {}): AsyncIterable<ProviderEvent> {
    return pull(
      (emit, flow, signal) => this.#run(request, { ...options, flow, signal }, emit),
      options.signal ?? new AbortController().signal,
    );
  }

  answer(request: MessageRequest, options: AnswerOptions, emit: Emit): Promise<Completed> {
    return this.#run(request, options, emit);
  }

  sendMessageSync(request: MessageRequest, options: CallOptions = {}): Promise<MessageResponse> {
    // Nothing of a broken answer reaches the caller, so it may be answered anew.
    const held = { ...options, recovery: 'hold_back' } as const;
    // Plain JavaScript may bring no request at all, which the call is refused for.
    return collect((emit) => this.#run(request, held, emit), request?.metadata ?? {});
  }

  async getCapabilities(): Promise<ProviderCapabilities> {
    const { options, main, models } = this.#setup.parts;
    const { known } = models;
    const hasBatches = this.batchBooks !== undefined;
    if (this.#capabilities?.supportedModels !== known) {
      this.#capabilities = {
        provider: NAME,
        version: options.version,
        ...capabilitiesOf(known, main.limits, hasBatches),
      };
    }
    return this.#capabilities;
  }

  getModels(options: CallOptions = {}): Promise<readonly ModelInfo[]> {
    return this.#use(({ models }) => within(options.signal, (signal) => models.get(signal)));
  }

  async countTokens(request: MessageRequest, options: CallOptions = {}): Promise<TokenCount> {
    const call = this.#first(request, options);
    return within(options.signal, (signal) =>
      this.#deps.tokens.count(call.record.model, call.target.model, call.request, signal),
    );
  }

  upstreams(): readonly UpstreamStatus[] {
    return this.#setup.parts.upstreams.map((parts) => parts.status());
  }

  async invalidateCache(selection: CacheSelection): Promise<number> {
    return (await this.#setup.parts.cache?.responses.invalidate(selection)) ?? 0;
  }

  cacheStatus(): CacheStatus | undefined {
    return this.#setup.parts.cache?.responses.status();
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
    const { book, sizes, labels } = this.#deps;
    const lent = () => this.#setup.parts.batches;
    return {
      book,
      sizes,
      labels,
      catalogue: () => lent().catalogue(),
      get upstreams() {
        return lent().upstreams;
      },
      get costs() {
        return lent().costs;
      },
      prepare: async (request, options) =>
        this.#setup.parts.router.fit(this.#first(request, options)),
      send: (request, options) => this.sendMessageSync(request, { ...options, background: true }),
    };
  }

  /** What is kept of batches; undefined without a data directory. */
  get batchBooks(): BatchBooks | undefined {
    return this.#deps.ledger.batches;
  }

  async dispose(): Promise<void> {
    const { tokens, room, register, closeBooks } = this.#deps;
    room.close();
    await register.close();
    this.#setup.parts.cache?.kept.close();
    await Promise.all([this.#setup, ...this.#replaced].map((setup) => setup.close()));
    await tokens.close();
    // Calls that were broken off just now settle what they consumed.
    await nextTurn();
    await closeBooks();
  }

  #run(request: MessageRequest, options: AnswerOptions, emit: Emit): Promise<Completed> {
    return this.#use(({ pipeline, main }) =>
      pipeline({ ...this.#call(request, options), upstream: main.name }, emit),
    );
  }

  /** Works with what there is now, which stays until that is done. */
  async #use<T>(work: (parts: SetupParts) => Promise<T>): Promise<T> {
    const setup = this.#setup;
    const leave = setup.enter();
    try {
      return await work(setup.parts);
    } finally {
      leave();
    }
  }

  #call(request: MessageRequest, options: AnswerOptions): Call {
    const { newId, clock } = this.#deps;
    // Whoever converted a request has seen to it.
    if (options.violations === undefined) checkTypes(request);
    return newCall(request, options.id ?? newId(), options, clock.now());
  }

  #first(request: MessageRequest, options: CallOptions): Call {
    const { router, main } = this.#setup.parts;
    // A batch goes to one place as a whole.
    return router.first({ ...this.#call(request, options), upstream: main.name }, false);
  }
}
