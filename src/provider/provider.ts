import type { Context } from '@opentelemetry/api';
import type { BudgetState } from '../core/budget-state.ts';
import type { Emit, StreamRecovery } from '../core/call.ts';
import type { CallRecord } from '../core/call-record.ts';
import type { Caller } from '../core/caller.ts';
import type { FieldViolation } from '../core/errors.ts';
import type { Completed, MessageResponse, ProviderEvent } from '../core/events.ts';
import type { Flow } from '../core/flow.ts';
import type { MessageRequest } from '../core/message.ts';
import type { StoreStatus } from '../core/store-status.ts';
import type { BudgetQuery } from '../money/budget/states.ts';
import type { CacheSelection } from '../money/cache/answer-store.ts';
import type { CacheStatus } from '../money/cache/response-cache.ts';
import type { LedgerQuery, LedgerStatus, LedgerSums } from '../money/ledger/ledger.ts';
import type { CircuitState } from '../policies/breaker/circuit.ts';
import type { AttemptStatistics } from '../policies/health/attempt-window.ts';
import type { UpstreamHealthStatus } from '../policies/health/upstream-health.ts';
import type { TargetLoad } from '../policies/rate-limit/limiters.ts';
import type { TokenCount } from '../request/tokens/token-counter.ts';

export type { BudgetQuery } from '../money/budget/states.ts';
export type { CacheSelection } from '../money/cache/answer-store.ts';
export type { CacheStatus } from '../money/cache/response-cache.ts';
export type { CircuitState } from '../policies/breaker/circuit.ts';
export type { AttemptStatistics, Percentiles } from '../policies/health/attempt-window.ts';
export type { UpstreamHealthStatus } from '../policies/health/upstream-health.ts';
export type { RateLeft } from '../policies/rate-limit/key-limits.ts';
export type { TokenCount } from '../request/tokens/token-counter.ts';

/**
 * Tamma's provider interface, in process. The gRPC server is one client of it.
 * Every method rejects with ProviderError and nothing else.
 */
export interface IAIProvider {
  /** Tests the upstream connection by listing its models. Never rejects because of the upstream. */
  initialize(options?: CallOptions): Promise<ProviderIdentity>;
  /** Streams an answer: `started`, deltas, `completed`. Leaving the loop stops the upstream. */
  sendMessage(request: MessageRequest, options?: SendOptions): AsyncIterable<ProviderEvent>;
  /**
   * The same for whoever takes events as they come: emits `started` and deltas, from the turn in which
   * they were read, and resolves with `completed`. `emit` must not throw; nothing waits for it.
   */
  answer(request: MessageRequest, options: AnswerOptions, emit: Emit): Promise<Completed>;
  sendMessageSync(request: MessageRequest, options?: CallOptions): Promise<MessageResponse>;
  /** The same object as long as there is nothing new. */
  getCapabilities(): Promise<ProviderCapabilities>;
  /** The same object as long as there is nothing new. */
  getModels(options?: CallOptions): Promise<readonly ModelInfo[]>;
  countTokens(request: MessageRequest, options?: CallOptions): Promise<TokenCount>;
  /** What is known of the upstreams, without asking them. */
  upstreams(): readonly UpstreamStatus[];
  /**
   * Takes answers out of the response cache. Resolves with how many.
   *
   * @throws ProviderError SERVICE_UNAVAILABLE if it is kept elsewhere and cannot be reached
   */
  invalidateCache(selection: CacheSelection): Promise<number>;
  /** How the response cache stands. Undefined: it is off. */
  cacheStatus(): CacheStatus | undefined;
  /** How the record of usage is kept. */
  ledgerStatus(): LedgerStatus;
  /** How the store is that sidecars share. Undefined: nothing is shared. */
  sharedStoreStatus(): StoreStatus | undefined;
  /** Closes the connections to the upstream. Calls that still run fail. */
  dispose(): Promise<void>;
}

/** What was used and spent, in process. The gRPC server is one client of it. */
export interface IAIUsageProvider {
  /** Sums of the ledger. Rejects with ProviderError and nothing else. */
  getUsage(query: LedgerQuery, options?: CallOptions): Promise<LedgerSums>;
  /** The budgets as they stand, in the order of the configuration, then by subject. */
  getBudgets(query: BudgetQuery): readonly BudgetState[];
}

/** What belongs to a call and not to what is asked. */
export interface CallOptions {
  /**
   * Ends the call. A reason that is a ProviderError is thrown as it is, a TimeoutError reads
   * DEADLINE_EXCEEDED, anything else CANCELLED.
   */
  readonly signal?: AbortSignal;
  /** Epoch ms; nothing is started after it. The signal is what ends the call then. */
  readonly deadline?: number;
  /** Default: a random UUID. */
  readonly id?: string;
  /** Who makes the call. Default: nobody knows. */
  readonly caller?: Caller | undefined;
  /** Parent of the call's spans. Default: the active context. */
  readonly context?: Context;
  /** Filled with the facts of the call. */
  readonly record?: CallRecord;
  /** Nobody waits for it: it goes in capacity that others leave. Default false. */
  readonly background?: boolean;
  /**
   * Fields of the caller's request that a MessageRequest cannot express, found by whoever converted
   * it. The call is refused with them and with whatever else is wrong. Default: none.
   */
  readonly violations?: readonly FieldViolation[];
}

/** What belongs to a call whose answer is streamed. */
export interface SendOptions extends CallOptions {
  /** Default `fail`. */
  readonly recovery?: StreamRecovery;
  /** In ms. Default: as configured. */
  readonly firstTokenTimeoutMs?: number;
  /** In ms. Default: as configured. */
  readonly idleTimeoutMs?: number;
}

/** What belongs to a call whose events are pushed. */
export interface AnswerOptions extends SendOptions {
  /** Through which the upstream is held back while events cannot be taken. Default: it never is. */
  readonly flow?: Flow;
}

/** Who answers, and whether it can. */
export interface ProviderIdentity {
  readonly provider: string;
  readonly version: string;
  /** The upstream answered and accepted the key. */
  readonly ready: boolean;
  readonly warnings: readonly string[];
}

/** What a provider can do, with which models, and within which limits. */
export interface ProviderCapabilities {
  readonly provider: string;
  readonly version: string;
  readonly supportsStreaming: boolean;
  readonly supportsImages: boolean;
  readonly supportsTools: boolean;
  /** Tokens; 0: not known. */
  readonly maxInputTokens: number;
  /** Tokens; 0: not known. */
  readonly maxOutputTokens: number;
  readonly supportedModels: readonly ModelInfo[];
  readonly features: Features;
  /** 0: not limited here. */
  readonly limits: {
    readonly requestsPerMinute: number;
    readonly tokensPerMinute: number;
    readonly requestsPerDay: number;
  };
  /** Fields and values of a request that are refused whatever the model, by their proto paths. */
  readonly unserved: readonly string[];
}

/** What a model, or at least one of a provider's, can do. */
export interface Features {
  readonly streaming: boolean;
  readonly functionCalling: boolean;
  readonly parallelToolUse: boolean;
  readonly promptCaching: boolean;
  readonly thinkingMode: boolean;
  readonly structuredOutputs: boolean;
  readonly batch: boolean;
  readonly imageGeneration: boolean;
  readonly codeExecution: boolean;
  readonly webSearch: boolean;
  readonly customTools: boolean;
  readonly applyPatch: boolean;
  readonly shell: boolean;
  readonly fileSearch: boolean;
  readonly mcp: boolean;
  readonly files: boolean;
}

/** See tamma.provider.v1.ModelInfo. What is not known is absent, 0 or empty. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly aliases: readonly string[];
  readonly contextWindow: number;
  readonly maxTokens: number;
  readonly supportsStreaming: boolean;
  readonly supportsImages: boolean;
  readonly supportsTools: boolean;
  readonly pricing?: {
    readonly input: string;
    readonly cachedInput: string;
    readonly output: string;
    readonly currency: string;
  };
  readonly capabilities: readonly string[];
  readonly features?: Features;
  readonly reasoningEfforts: readonly string[];
  readonly shutdownDate: string;
  readonly replacement: string;
  readonly available: boolean;
  /** 0: not known. */
  readonly maxInputTokens: number;
  readonly apis: readonly string[];
  readonly warnings: readonly string[];
  readonly knowledgeCutoff: string;
}

/** How an upstream is, and each model that was asked there. */
export interface UpstreamStatus extends UpstreamHealthStatus {
  /** Its name: `default`, or one of the configuration's `targets`. */
  readonly target: string;
  /** One per model that was asked there lately. */
  readonly models: readonly ModelStatus[];
  /** API keys. */
  readonly keys: number;
  /** Those of them that are set aside: refused, or their quota is used up. */
  readonly keysSetAside: number;
  /** An attempt would be made now for at least one of its models. */
  readonly ready: boolean;
  /** Why it is not ready, or not as it should be, worst first, one sentence each. */
  readonly problems: readonly string[];
}

/** What stands between calls and one model at one upstream. */
export interface ModelStatus extends TargetLoad {
  readonly circuit: CircuitState;
  /** An attempt would be made now. */
  readonly ready?: boolean;
  /** Absent: it is ready. */
  readonly notReadyReason?: string;
  /** Epoch ms. Absent: it never did. */
  readonly circuitChangedAt?: number;
  /** Epoch ms. Absent: the circuit is closed. */
  readonly nextProbeAt?: number;
  /** Summed when they are read. Absent: no attempt ended in the window. */
  readonly statistics?: AttemptStatistics | undefined;
  /** Absent: no price is known. */
  readonly pricing?: ModelInfo['pricing'];
}
