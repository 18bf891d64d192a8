import type { Context } from '@opentelemetry/api';
import type { CallRecord, StreamRecovery } from './call.ts';
import type { ErrorReason } from './error-kinds.ts';
import type { FieldViolation } from './errors.ts';
import type { MessageResponse, ProviderEvent } from './events.ts';
import type { MessageRequest } from './message.ts';

/**
 * Tamma's provider interface, in process. The gRPC server is one client of it.
 * Every method rejects with ProviderError and nothing else.
 */
export interface IAIProvider {
  /** Tests the upstream connection by listing its models. Never rejects because of the upstream. */
  initialize(options?: CallOptions): Promise<ProviderIdentity>;
  /** Streams an answer: `started`, deltas, `completed`. Leaving the loop stops the upstream. */
  sendMessage(request: MessageRequest, options?: SendOptions): AsyncIterable<ProviderEvent>;
  sendMessageSync(request: MessageRequest, options?: CallOptions): Promise<MessageResponse>;
  getCapabilities(): Promise<ProviderCapabilities>;
  getModels(options?: CallOptions): Promise<readonly ModelInfo[]>;
  countTokens(request: MessageRequest, options?: CallOptions): Promise<TokenCount>;
  /** What is known of the upstreams, without asking them. */
  upstreams(): readonly UpstreamStatus[];
  /** Closes the connections to the upstream. Calls that still run fail. */
  dispose(): Promise<void>;
}

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
  /** Parent of the call's spans. Default: the active context. */
  readonly context?: Context;
  /** Filled with the facts of the call. */
  readonly record?: CallRecord;
  /**
   * Fields of the caller's request that a MessageRequest cannot express, found by whoever converted
   * it. The call is refused with them and with whatever else is wrong. Default: none.
   */
  readonly violations?: readonly FieldViolation[];
}

export interface SendOptions extends CallOptions {
  /** Default `fail`. */
  readonly recovery?: StreamRecovery;
  /** In ms. Default: as configured. */
  readonly firstTokenTimeoutMs?: number;
  /** In ms. Default: as configured. */
  readonly idleTimeoutMs?: number;
}

export interface ProviderIdentity {
  readonly provider: string;
  readonly version: string;
  /** The upstream answered and accepted the key. */
  readonly ready: boolean;
  readonly warnings: readonly string[];
}

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
}

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

export interface TokenCount {
  readonly inputTokens: number;
  readonly estimated: boolean;
  readonly model: string;
  readonly tokenizer: string;
  /** 0: not known. */
  readonly contextWindow: number;
}

export interface UpstreamStatus {
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly healthy: boolean;
  /** Epoch ms. */
  readonly lastSuccessAt?: number;
  /** Epoch ms. */
  readonly lastFailureAt?: number;
  readonly lastFailureReason?: ErrorReason;
}
