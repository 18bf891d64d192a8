import { ATTRIBUTE } from './attributes.ts';

/** Of an instrument of the OpenTelemetry API. */
export type MetricKind =
  | 'counter'
  | 'upDownCounter'
  | 'histogram'
  | 'observableCounter'
  | 'observableUpDownCounter'
  | 'observableGauge';

/** One metric: all that is told of it, here and in docs/metrics.md. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM: `s`, `By`, or what is counted, in braces. */
  readonly unit: string;
  readonly description: string;
  /** Those it may have. None of them is an id, a tenant or a model's raw name (see ModelLabels). */
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** Seconds: the buckets the GenAI conventions prescribe. */
const GEN_AI_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/** Tokens: powers of four, as the GenAI conventions prescribe. */
const GEN_AI_TOKENS = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];

/** Seconds: the buckets of the RPC conventions, which end at 10, and on: answers take minutes. */
const RPC_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 320,
  640,
];

/** Seconds: what this process does with a call takes a millisecond, or something is wrong. */
const OVERHEAD_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
];

const { target, reason, outcome, genAiRequestModel: model, errorType } = ATTRIBUTE;

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
    attributes: [...INFERENCE, errorType],
    buckets: GEN_AI_TOKENS,
  }) as const;

type Kind = Exclude<MetricKind, 'histogram'>;

const own = <K extends Kind>(
  kind: K,
  name: string,
  unit: string,
  description: string,
  attributes: readonly string[] = [],
) => ({ name: `tamma.provider.${name}`, kind, unit, description, attributes }) as const;

const ownSeconds = (
  name: string,
  description: string,
  attributes: readonly string[],
  buckets: readonly number[] = RPC_SECONDS,
) =>
  ({
    name: `tamma.provider.${name}`,
    kind: 'histogram',
    unit: 's',
    description,
    attributes,
    buckets,
  }) as const;

/** All there are, in the order of docs/metrics.md. */
export const METRICS = {
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
    errorType,
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
  activeCalls: own('upDownCounter', 'active_calls', '{call}', 'Calls that are being answered.'),
  callDuration: ownSeconds(
    'call.duration',
    'Duration of a call, all its attempts and waits included, by outcome.',
    [outcome, model],
  ),
  overhead: ownSeconds(
    'overhead.duration',
    'Time of a call in this process, upstream and waits left out: before the first attempt, between attempts, after the last.',
    [ATTRIBUTE.stageGroup],
    OVERHEAD_SECONDS,
  ),
  attempts: own('counter', 'attempts', '{attempt}', 'Requests to an upstream, by outcome.', [
    target,
    model,
    outcome,
  ]),
  retries: own(
    'counter',
    'retries',
    '{attempt}',
    'Attempts at a target after the first, by the reason of the failure before.',
    [target, reason],
  ),
  resumes: own(
    'counter',
    'resumes',
    '{connection}',
    'Connections over which a stored answer was gone on with (RESUME), by the reason of the break before.',
    [target, reason],
  ),
  fallbacks: own(
    'counter',
    'fallbacks',
    '{call}',
    'Calls that went on to another target, by the target they left and the reason.',
    [target, reason],
  ),
  hedges: own(
    'counter',
    'hedges',
    '{attempt}',
    'Second attempts beside one that was silent, by the target of that one and what became of them.',
    [target, outcome],
  ),
  hedgeSaved: own(
    'counter',
    'hedge.saved',
    's',
    'Time by which first outputs came sooner because of second attempts: at least, by what others took.',
    [target],
  ),
  hedgeCost: own(
    'counter',
    'hedge.cost',
    '{USD}',
    'What attempts cost that another one beside them was quicker than. Also in cost.',
    [target],
  ),
  answers: own('counter', 'answers', '{answer}', 'Answers that came to their end, by how.', [
    target,
    model,
    ATTRIBUTE.finishReason,
  ]),
  answerFaults: own(
    'counter',
    'answer_faults',
    '{answer}',
    'Answers that are of little use: refusal, empty, tool_arguments (no JSON), schema (the structured output misses it).',
    [target, model, ATTRIBUTE.fault],
  ),
  unknownParts: own(
    'counter',
    'unknown_parts',
    '{part}',
    'Events, fields and finish words of upstreams that are not known here; the log names each once.',
    [target, ATTRIBUTE.kind],
  ),
  circuitState: own(
    'observableGauge',
    'circuit.state',
    '{state}',
    'State of the circuit of a target: 0 closed, 1 half open, 2 open.',
    [target, model],
  ),
  queueDuration: ownSeconds(
    'queue.duration',
    'Time an attempt waited in this process before it was made; not if it did not.',
    [target, ATTRIBUTE.waitedFor],
  ),
  shedCalls: own(
    'counter',
    'shed_calls',
    '{call}',
    'Calls refused because this process has too much to do.',
  ),
  refusedConnections: own(
    'counter',
    'refused_connections',
    '{connection}',
    'Connections that were not taken, or cut to make room.',
    [reason],
  ),
  droppedLogLines: own(
    'observableCounter',
    'dropped_log_lines',
    '{line}',
    'Log lines that could not be written.',
  ),
  keysSetAside: own('counter', 'keys_set_aside', '{key}', 'API keys that were set aside.', [
    target,
    reason,
  ]),
  rateLimitHold: own(
    'observableGauge',
    'rate_limit.hold',
    's',
    'For how long nothing is sent to a target because it limits the rate; 0: it does not.',
    [target, model],
  ),
  cost: own('counter', 'cost', '{USD}', 'What attempts cost, estimates included.', [target, model]),
  unpricedAttempts: own(
    'counter',
    'unpriced_attempts',
    '{attempt}',
    'Attempts that consumed tokens for which no price is known.',
    [target, model],
  ),
  budgetLimit: own(
    'observableGauge',
    'budget.limit',
    '{USD}',
    'Limit of a budget, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetSpent: own(
    'observableGauge',
    'budget.spent',
    '{USD}',
    'Spent of a budget in the running period, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetReserved: own(
    'observableGauge',
    'budget.reserved',
    '{USD}',
    'Held of a budget for attempts that run, over all its subjects.',
    [ATTRIBUTE.budget],
  ),
  budgetAlerts: own('counter', 'budget.alerts', '{alert}', 'Alerts that budgets raised.', [
    ATTRIBUTE.budget,
    ATTRIBUTE.threshold,
  ]),
  cacheHits: own('counter', 'cache.hits', '{call}', 'Calls that the response cache answered.'),
  cacheMisses: own(
    'counter',
    'cache.misses',
    '{call}',
    'Calls that asked the response cache and found nothing.',
  ),
  cacheStores: own(
    'counter',
    'cache.stores',
    '{answer}',
    'Answers that were left in the response cache.',
  ),
  cacheEvictions: own(
    'counter',
    'cache.evictions',
    '{answer}',
    'Answers that left the response cache because there was no room.',
  ),
  cacheBytes: own('observableGauge', 'cache.bytes', 'By', 'Size of the response cache.'),
  cacheSaved: own(
    'counter',
    'cache.saved',
    '{USD}',
    'What the answers from the response cache had cost when they were made.',
  ),
  ledgerOutage: own(
    'observableGauge',
    'ledger.outage',
    '1',
    "Whether the ledger's database or journal cannot be written: 1, else 0.",
  ),
  ledgerPending: own(
    'observableGauge',
    'ledger.pending',
    '{record}',
    'Records that wait to be written to the ledger.',
  ),
  ledgerLost: own(
    'observableCounter',
    'ledger.lost',
    '{record}',
    'Records that neither the database nor the journal of the ledger would take at the end.',
  ),
  sharedStoreOutage: own(
    'observableGauge',
    'shared_store.outage',
    '1',
    'Whether the store that sidecars share is away: 1, else 0. Absent where nothing is shared.',
  ),
  configReloads: own(
    'counter',
    'config.reloads',
    '{reload}',
    'How often the configuration was read again: it was applied, unchanged or refused.',
    [outcome],
  ),
  configRefused: own(
    'observableGauge',
    'config.refused',
    '1',
    'Whether the configuration as it was read last is refused, and the one before in force: 1, else 0.',
  ),
  configWaiting: own(
    'observableGauge',
    'config.waiting',
    '{key}',
    'Keys of the configuration whose change waits for a restart.',
  ),
  batches: own('observableGauge', 'batches', '{batch}', 'Batches that have not ended.'),
  batchItems: own(
    'counter',
    'batch.items',
    '{item}',
    'Requests of batches that got a result, by how they were worked off.',
    [target, ATTRIBUTE.batchExecution, outcome],
  ),
  modelLabels: own(
    'observableGauge',
    'telemetry.models',
    '{model}',
    'Models that metrics tell apart, of at most 100 beside the configured ones; all others read "other".',
  ),
  series: own(
    'observableGauge',
    'telemetry.series',
    '{series}',
    'Attribute sets that the last scrape counted, a histogram’s buckets as one.',
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
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricKey = keyof typeof METRICS;
