import { ATTRIBUTE } from './attributes.ts';
import { type Metrics, RPC_SECONDS } from './metric-definition.ts';

/** Seconds: the buckets the GenAI conventions prescribe. */
const GEN_AI_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/** Tokens: powers of four, as the GenAI conventions prescribe. */
const GEN_AI_TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];

/** What the GenAI conventions ask of every metric of an attempt. */
const INFERENCE = [
  ATTRIBUTE.genAiOperationName,
  ATTRIBUTE.genAiProviderName,
  ATTRIBUTE.genAiRequestModel,
  ATTRIBUTE.genAiResponseModel,
  ATTRIBUTE.serverAddress,
  ATTRIBUTE.serverPort,
];
const USAGE = [...INFERENCE, ATTRIBUTE.genAiTokenModality, ATTRIBUTE.openaiResponseServiceTier];

const inferenceSeconds = (name: string, description: string, more: readonly string[] = []) =>
  ({
    name: `gen_ai.client.inference.${name}`,
    kind: 'histogram',
    unit: 's',
    description,
    attributes: [...INFERENCE, ...more],
    buckets: GEN_AI_SECONDS,
  }) as const;

const tokensUsed = (name: string, description: string) =>
  ({
    name: `gen_ai.client.inference.usage.${name}`,
    kind: 'counter',
    unit: '{token}',
    description,
    attributes: USAGE,
  }) as const;

const tokensOfOne = (name: string, description: string) =>
  ({
    name: `gen_ai.client.inference.operation.${name}`,
    kind: 'histogram',
    unit: '{token}',
    description,
    attributes: [...INFERENCE, ATTRIBUTE.errorType],
    buckets: GEN_AI_TOKENS,
  }) as const;

/** What the OpenTelemetry conventions name: RPCs, attempts, the process. */
export const CONVENTIONAL = {
  rpcServerCallDuration: {
    name: 'rpc.server.call.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of incoming remote procedure calls.',
    attributes: [
      ATTRIBUTE.rpcSystemName,
      ATTRIBUTE.rpcMethod,
      ATTRIBUTE.rpcStatusCode,
      ATTRIBUTE.errorType,
    ],
    buckets: RPC_SECONDS,
  },
  inferenceDuration: inferenceSeconds('duration', 'Duration of one attempt at an upstream.', [
    ATTRIBUTE.errorType,
    ATTRIBUTE.openaiResponseServiceTier,
  ]),
  timeToFirstChunk: inferenceSeconds(
    'time_to_first_chunk',
    'Time from the start of an attempt to its first output.',
  ),
  timePerOutputChunk: inferenceSeconds(
    'time_per_output_chunk',
    'Mean time between the chunks of an attempt after the first, once for each attempt.',
  ),
  inputTokens: tokensUsed('input_tokens', 'Input tokens that upstreams reported, cached ones too.'),
  outputTokens: tokensUsed(
    'output_tokens',
    'Output tokens that upstreams reported, reasoning included.',
  ),
  cacheReadTokens: tokensUsed('cache_read.input_tokens', 'Input tokens from the upstream’s cache.'),
  cacheWriteTokens: tokensUsed('cache_write.input_tokens', 'Input tokens put into that cache.'),
  reasoningTokens: tokensUsed('reasoning.output_tokens', 'Output tokens used for reasoning.'),
  attemptInputTokens: tokensOfOne(
    'input_tokens',
    'Input tokens of one attempt; 0 if none were reported.',
  ),
  attemptOutputTokens: tokensOfOne(
    'output_tokens',
    'Output tokens of one attempt; 0 if none were reported.',
  ),
  processCpuTime: {
    name: 'process.cpu.time',
    kind: 'observableCounter',
    unit: 's',
    description: 'CPU time of this process.',
    attributes: [ATTRIBUTE.cpuMode],
  },
  processMemoryUsage: {
    name: 'process.memory.usage',
    kind: 'observableUpDownCounter',
    unit: 'By',
    description: 'Resident memory of this process.',
    attributes: [],
  },
  eventLoopDelayP99: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'observableGauge',
    unit: 's',
    description: 'How late the event loop is, 99th percentile since it was last asked.',
    attributes: [],
  },
} as const satisfies Metrics;
