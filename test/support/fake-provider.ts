import type { BudgetState } from '../../src/core/budget-state.ts';
import type { Emit } from '../../src/core/call.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { Completed, MessageResponse, ProviderEvent } from '../../src/core/events.ts';
import type { MessageRequest } from '../../src/core/message.ts';
import type { StoreStatus } from '../../src/core/store-status.ts';
import type {
  LedgerQuery,
  LedgerStatus,
  LedgerSum,
  LedgerSums,
} from '../../src/money/ledger/ledger.ts';
import { NO_LABELS, noTotals } from '../../src/money/ledger/totals.ts';
import type {
  AnswerOptions,
  BudgetQuery,
  CacheSelection,
  CacheStatus,
  CallOptions,
  IAIProvider,
  IAIUsageProvider,
  ProviderCapabilities,
  SendOptions,
  UpstreamStatus,
} from '../../src/provider/provider.ts';
import { completed, SETTINGS, started, text } from './events.ts';

/** What the provider was asked. */
export interface ProviderCall {
  readonly request: MessageRequest;
  readonly options: SendOptions;
}

/** In pico-dollars. */
export const DOLLAR = 1_000_000_000_000n;

const FEATURES = {
  streaming: true,
  functionCalling: true,
  parallelToolUse: true,
  promptCaching: true,
  thinkingMode: true,
  structuredOutputs: true,
  batch: false,
  imageGeneration: false,
  codeExecution: false,
  webSearch: false,
  customTools: false,
  applyPatch: false,
  shell: false,
  fileSearch: false,
  mcp: false,
  files: false,
};

export const CAPABILITIES: ProviderCapabilities = {
  provider: 'openai',
  version: '1.2.3',
  supportsStreaming: true,
  supportsImages: true,
  supportsTools: true,
  maxInputTokens: 1000,
  maxOutputTokens: 100,
  supportedModels: [],
  features: FEATURES,
  limits: { requestsPerMinute: 10, tokensPerMinute: 20, requestsPerDay: 30 },
  unserved: ['request.some_field'],
};

export function aResponse(fields: Partial<MessageResponse> = {}): MessageResponse {
  const { type: _type, ...outcome } = completed();
  return {
    ...outcome,
    id: 'chatcmpl-1',
    content: 'Hello',
    commentary: '',
    annotations: [],
    hostedTools: [],
    refusal: '',
    reasoning: '',
    upstreamRequestId: 'req_1',
    effectiveSettings: SETTINGS,
    warnings: [],
    metadata: {},
    ...fields,
  };
}

export function anUpstreamStatus(fields: Partial<UpstreamStatus> = {}): UpstreamStatus {
  return {
    target: 'default',
    endpoint: 'https://upstream.test',
    healthy: true,
    models: [],
    keys: 1,
    keysSetAside: 0,
    ready: true,
    problems: [],
    ...fields,
  };
}

export function aBudget(fields: Partial<BudgetState> = {}): BudgetState {
  return {
    name: 'total',
    scope: 'all',
    subject: '',
    period: 'total',
    limit: 10n * DOLLAR,
    spent: 0n,
    reserved: 0n,
    alertThresholds: [0.8],
    alertsRaised: [],
    shared: false,
    ...fields,
  };
}

export function aSum(fields: Partial<LedgerSum> = {}): LedgerSum {
  return { ...NO_LABELS, ...noTotals(), ...fields };
}

/** A provider that does what its members, each of which a test may replace, say. */
export class FakeProvider implements IAIProvider, IAIUsageProvider {
  /** Of sendMessage, sendMessageSync and countTokens, oldest first. */
  readonly calls: ProviderCall[] = [];
  /** Of getUsage and getBudgets, oldest first. */
  readonly queries: (LedgerQuery | BudgetQuery)[] = [];
  health: UpstreamStatus[] = [anUpstreamStatus()];
  budgets: BudgetState[] = [];
  cache: CacheStatus | undefined = undefined;
  /** Of invalidateCache, oldest first. */
  readonly invalidated: CacheSelection[] = [];

  /** The events of an answer, `completed` among them. */
  script: (call: ProviderCall) => AsyncIterable<ProviderEvent> = async function* () {
    yield started();
    yield text('Hel');
    yield text('lo');
    yield completed();
  };
  answerSync: (call: ProviderCall) => Promise<MessageResponse> = async () => aResponse();
  sum: (options: CallOptions) => Promise<LedgerSums> = async () => ({
    rows: [],
    total: aSum(),
    truncated: false,
    partial: false,
  });
  describe: () => Promise<ProviderCapabilities> = async () => CAPABILITIES;

  async initialize() {
    return { provider: 'openai', version: '1.2.3', ready: true, warnings: ['look here'] };
  }

  sendMessage(request: MessageRequest, options: SendOptions = {}): AsyncIterable<ProviderEvent> {
    return this.script(this.#note(request, options));
  }

  async answer(request: MessageRequest, options: AnswerOptions, emit: Emit): Promise<Completed> {
    const { flow, signal = new AbortController().signal } = options;
    let completed: Completed | undefined;
    for await (const event of this.script(this.#note(request, options))) {
      if (event.type === 'completed') completed = event;
      else emit(event);
      await flow?.released(signal);
    }
    if (completed === undefined) throw new ProviderError('INTERNAL');
    return completed;
  }

  sendMessageSync(request: MessageRequest, options: CallOptions = {}): Promise<MessageResponse> {
    return this.answerSync(this.#note(request, options));
  }

  getCapabilities(): Promise<ProviderCapabilities> {
    return this.describe();
  }

  async getModels() {
    return CAPABILITIES.supportedModels;
  }

  async countTokens(request: MessageRequest, options: CallOptions = {}) {
    this.#note(request, options);
    return {
      inputTokens: 7,
      estimated: false,
      model: 'gpt-test',
      tokenizer: 'o200k_base',
      contextWindow: 128_000,
    };
  }

  upstreams(): readonly UpstreamStatus[] {
    return this.health;
  }

  async invalidateCache(selection: CacheSelection): Promise<number> {
    this.invalidated.push(selection);
    return 3;
  }

  ledgerStatus(): LedgerStatus {
    return { since: 0, pending: 0, lost: 0 };
  }

  sharedStoreStatus(): StoreStatus | undefined {
    return undefined;
  }

  cacheStatus(): CacheStatus | undefined {
    return this.cache;
  }

  getUsage(query: LedgerQuery, options: CallOptions = {}): Promise<LedgerSums> {
    this.queries.push(query);
    return this.sum(options);
  }

  getBudgets(query: BudgetQuery): readonly BudgetState[] {
    this.queries.push(query);
    return this.budgets;
  }

  async dispose(): Promise<void> {}

  #note(request: MessageRequest, options: SendOptions): ProviderCall {
    const call = { request, options };
    this.calls.push(call);
    return call;
  }
}
