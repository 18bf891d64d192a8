/**
 * Every name this provider gives to telemetry. The names of the GenAI conventions still move between
 * releases, and the constants of the semconv package are deprecated: a rename is one edit here.
 *
 * https://github.com/open-telemetry/semantic-conventions-genai (its main branch of November 2026)
 * https://opentelemetry.io/docs/specs/semconv/rpc/ (version 1.45, stable)
 */

/** Keys of attributes of spans and metrics. */
export const ATTRIBUTE = {
  errorType: 'error.type',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  cpuMode: 'cpu.mode',

  rpcSystemName: 'rpc.system.name',
  rpcMethod: 'rpc.method',
  /** What was asked for, where it is no method of ours. Spans only. */
  rpcMethodOriginal: 'rpc.method_original',
  rpcStatusCode: 'rpc.status_code',
  networkPeerAddress: 'network.peer.address',
  networkPeerPort: 'network.peer.port',

  genAiOperationName: 'gen_ai.operation.name',
  genAiProviderName: 'gen_ai.provider.name',
  genAiOutputType: 'gen_ai.output.type',
  genAiTokenModality: 'gen_ai.token.modality',

  /** The upstream is asked with less of the conversation than the caller sent. */
  genAiConversationCompacted: 'gen_ai.conversation.compacted',

  genAiRequestModel: 'gen_ai.request.model',
  genAiRequestStream: 'gen_ai.request.stream',
  genAiRequestSeed: 'gen_ai.request.seed',
  genAiRequestMaxTokens: 'gen_ai.request.max_tokens',
  genAiRequestTemperature: 'gen_ai.request.temperature',
  genAiRequestTopP: 'gen_ai.request.top_p',
  genAiRequestFrequencyPenalty: 'gen_ai.request.frequency_penalty',
  genAiRequestPresencePenalty: 'gen_ai.request.presence_penalty',
  genAiRequestStopSequences: 'gen_ai.request.stop_sequences',
  genAiRequestReasoningLevel: 'gen_ai.request.reasoning.level',

  genAiResponseId: 'gen_ai.response.id',
  genAiResponseModel: 'gen_ai.response.model',
  genAiResponseFinishReasons: 'gen_ai.response.finish_reasons',
  /** Seconds. */
  genAiResponseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',

  /** JSON, and only if the operator wants content on spans. */
  genAiSystemInstructions: 'gen_ai.system_instructions',
  genAiInputMessages: 'gen_ai.input.messages',
  genAiOutputMessages: 'gen_ai.output.messages',

  genAiUsageInputTokens: 'gen_ai.usage.input_tokens',
  genAiUsageOutputTokens: 'gen_ai.usage.output_tokens',
  genAiUsageCacheReadInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  genAiUsageCacheWriteInputTokens: 'gen_ai.usage.cache_write.input_tokens',
  genAiUsageReasoningOutputTokens: 'gen_ai.usage.reasoning.output_tokens',

  openaiApiType: 'openai.api.type',
  openaiRequestServiceTier: 'openai.request.service_tier',
  openaiResponseServiceTier: 'openai.response.service_tier',
  openaiResponseSystemFingerprint: 'openai.response.system_fingerprint',

  /** Number of the attempt within its call, 1 for the first. Spans only. */
  attempt: 'tamma.provider.attempt',
  /** Whether the attempt was made beside one that was silent; absent: no. Spans only. */
  hedge: 'tamma.provider.hedge',
  /** Name of the upstream in the configuration: `default`, or one of its `targets`. */
  target: 'tamma.provider.target',
  /** Why something was done: the reason of the failure before it, as in ErrorInfo. */
  reason: 'tamma.provider.reason',
  /** Seconds that an attempt waited in this process before it was made. Spans only. */
  queued: 'tamma.provider.queued',
  /** Seconds that it waited because the attempt before had failed. Spans only. */
  backoff: 'tamma.provider.backoff',
  /** What was waited for: `rate_limit`, `concurrency`, `budget` or `circuit`. */
  waitedFor: 'tamma.provider.waited_for',
  /** Name of a budget in the configuration. */
  budget: 'tamma.provider.budget.name',
  /** Share of a budget's limit that raised an alert. */
  threshold: 'tamma.provider.budget.threshold',
  /** `completed`, or the reason of the failure as in ErrorInfo: `RATE_LIMIT_EXCEEDED`. */
  outcome: 'tamma.provider.outcome',
  upstreamRequestId: 'tamma.provider.upstream_request_id',
  /** Id of a batch. Spans only. */
  batch: 'tamma.provider.batch.id',
  /** How an item of a batch is worked off: `upstream` or `local`. */
  batchExecution: 'tamma.provider.batch.execution',
  /** How an answer ended, as in FinishReason: `stop`, `tool_calls`. */
  finishReason: 'tamma.provider.finish_reason',
  /** What is wrong with an answer that came in good order. */
  fault: 'tamma.provider.fault',
  /** A part of what this process does with a call. */
  stageGroup: 'tamma.provider.stage_group',
  /** `event`, `field` or `finish_word`. */
  kind: 'tamma.provider.kind',
} as const;

/** Values the conventions prescribe. */
export const RPC_SYSTEM_GRPC = 'grpc';
export const OPERATION_CHAT = 'chat';
export const PROVIDER_OPENAI = 'openai';
export const OUTPUT_TEXT = 'text';
export const OUTPUT_JSON = 'json';
export const PROVIDER_AZURE = 'azure.ai.openai';
export const MODALITY_TEXT = 'text';
/** Of tokens that the upstream does not tell apart. */
export const MODALITY_UNKNOWN = 'unknown';
/** A method that is none of this server's. */
export const METHOD_OTHER = '_OTHER';
/** A generation that ended abnormally. */
export const FINISH_ERROR = 'error';
/** The outcome of what did not fail. */
export const OUTCOME_COMPLETED = 'completed';

/** Scope of the tracer and the meter. */
export const INSTRUMENTATION_SCOPE = 'tamma.provider';

/** The span of one request of a batch that is made as a call. */
export const BATCH_ITEM_SPAN = 'batch item';

/** The event of an attempt's span at its first output. */
export const EVENT_OUTPUT = 'tamma.provider.output';

/** The event of a call's span when this process begins to hold an attempt back. */
export const EVENT_HOLD = 'tamma.provider.hold';

/** The event of a call's span when what the caller had of an attempt is void. */
export const EVENT_RESET = 'tamma.provider.reset';

/** The version of the conventions that the names follow. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

export function chatSpanName(model: string): string {
  return `${OPERATION_CHAT} ${model}`;
}
