/**
 * Every name this provider gives to telemetry. The names of the GenAI conventions still move between
 * releases, and the constants of the semconv package are deprecated: a rename is one edit here.
 *
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/
 * https://opentelemetry.io/docs/specs/semconv/rpc/
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
  rpcStatusCode: 'rpc.status_code',

  genAiOperationName: 'gen_ai.operation.name',
  genAiProviderName: 'gen_ai.provider.name',
  genAiOutputType: 'gen_ai.output.type',
  genAiTokenType: 'gen_ai.token.type',

  genAiRequestModel: 'gen_ai.request.model',
  genAiRequestStream: 'gen_ai.request.stream',
  genAiRequestSeed: 'gen_ai.request.seed',
  genAiRequestMaxTokens: 'gen_ai.request.max_tokens',
  genAiRequestTemperature: 'gen_ai.request.temperature',
  genAiRequestTopP: 'gen_ai.request.top_p',
  genAiRequestFrequencyPenalty: 'gen_ai.request.frequency_penalty',
  genAiRequestPresencePenalty: 'gen_ai.request.presence_penalty',
  genAiRequestStopSequences: 'gen_ai.request.stop_sequences',

  genAiResponseId: 'gen_ai.response.id',
  genAiResponseModel: 'gen_ai.response.model',
  genAiResponseFinishReasons: 'gen_ai.response.finish_reasons',
  /** Seconds. */
  genAiResponseTimeToFirstChunk: 'gen_ai.response.time_to_first_chunk',

  genAiUsageInputTokens: 'gen_ai.usage.input_tokens',
  genAiUsageOutputTokens: 'gen_ai.usage.output_tokens',
  genAiUsageCacheReadInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  genAiUsageCacheCreationInputTokens: 'gen_ai.usage.cache_creation.input_tokens',
  genAiUsageReasoningOutputTokens: 'gen_ai.usage.reasoning.output_tokens',

  openaiRequestServiceTier: 'openai.request.service_tier',
  openaiResponseServiceTier: 'openai.response.service_tier',

  /** Number of the attempt within its call, 1 for the first. Spans only. */
  attempt: 'tamma.provider.attempt',
  /** Name of the upstream in the configuration: `default`, or one of its `targets`. */
  target: 'tamma.provider.target',
  /** Why something was done: the reason of the failure before it, as in ErrorInfo. */
  reason: 'tamma.provider.reason',
  /** What was waited for: `rate_limit`, `concurrency` or `budget`. */
  waitedFor: 'tamma.provider.waited_for',
  /** Name of a budget in the configuration. */
  budget: 'tamma.provider.budget.name',
  /** Share of a budget's limit that raised an alert. */
  threshold: 'tamma.provider.budget.threshold',
  /** `completed`, or the reason of the failure as in ErrorInfo: `RATE_LIMIT_EXCEEDED`. */
  outcome: 'tamma.provider.outcome',
  upstreamRequestId: 'tamma.provider.upstream_request_id',
  /** How an item of a batch is worked off: `upstream` or `local`. */
  batchExecution: 'tamma.provider.batch.execution',
} as const;

/** Names of instruments. Units and buckets stand in instruments.ts and process-metrics.ts. */
export const METRIC = {
  rpcServerCallDuration: 'rpc.server.call.duration',
  operationDuration: 'gen_ai.client.operation.duration',
  tokenUsage: 'gen_ai.client.token.usage',
  timeToFirstChunk: 'gen_ai.client.operation.time_to_first_chunk',
  timePerOutputChunk: 'gen_ai.client.operation.time_per_output_chunk',
  activeCalls: 'tamma.provider.active_calls',
  callDuration: 'tamma.provider.call.duration',
  attempts: 'tamma.provider.attempts',
  retries: 'tamma.provider.retries',
  fallbacks: 'tamma.provider.fallbacks',
  circuitState: 'tamma.provider.circuit.state',
  queueDuration: 'tamma.provider.queue.duration',
  shedCalls: 'tamma.provider.shed_calls',
  refusedConnections: 'tamma.provider.refused_connections',
  droppedLogLines: 'tamma.provider.dropped_log_lines',
  keysSetAside: 'tamma.provider.keys_set_aside',
  rateLimitHold: 'tamma.provider.rate_limit.hold',
  cost: 'tamma.provider.cost',
  unpricedAttempts: 'tamma.provider.unpriced_attempts',
  cacheHits: 'tamma.provider.cache.hits',
  cacheMisses: 'tamma.provider.cache.misses',
  cacheStores: 'tamma.provider.cache.stores',
  cacheEvictions: 'tamma.provider.cache.evictions',
  cacheBytes: 'tamma.provider.cache.bytes',
  cacheSaved: 'tamma.provider.cache.saved',
  budgetLimit: 'tamma.provider.budget.limit',
  budgetSpent: 'tamma.provider.budget.spent',
  budgetReserved: 'tamma.provider.budget.reserved',
  budgetAlerts: 'tamma.provider.budget.alerts',
  batches: 'tamma.provider.batches',
  batchItems: 'tamma.provider.batch.items',
  processCpuTime: 'process.cpu.time',
  processMemoryUsage: 'process.memory.usage',
  eventLoopDelayP99: 'nodejs.eventloop.delay.p99',
} as const;

/** Values the conventions prescribe. */
export const RPC_SYSTEM_GRPC = 'grpc';
export const OPERATION_CHAT = 'chat';
export const PROVIDER_OPENAI = 'openai';
export const OUTPUT_TEXT = 'text';
export const OUTPUT_JSON = 'json';
export const TOKEN_INPUT = 'input';
export const TOKEN_OUTPUT = 'output';
/** The outcome of what did not fail. */
export const OUTCOME_COMPLETED = 'completed';

/** Scope of the tracer and the meter. */
export const INSTRUMENTATION_SCOPE = 'tamma.provider';

export function chatSpanName(model: string): string {
  return `${OPERATION_CHAT} ${model}`;
}
