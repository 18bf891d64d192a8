import type {
  Counter,
  Histogram,
  Meter,
  ObservableCounter,
  ObservableGauge,
  UpDownCounter,
} from '@opentelemetry/api';
import { METRIC } from './attributes.ts';

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

/**
 * What the provider measures. No attribute of a metric may be an id, a tenant or a model's raw name
 * (see ModelLabels), nor undefined, which would be exported as an empty label.
 */
export interface Instruments {
  /** Seconds from an RPC's arrival to its status. Recorded by the server. */
  readonly rpcServerCallDuration: Histogram;
  /** Seconds one attempt took, to its last event. Recorded by the attempt stage. */
  readonly operationDuration: Histogram;
  /** Tokens of one attempt, by `gen_ai.token.type` = input | output. */
  readonly tokenUsage: Histogram;
  /** Seconds from an attempt's start to its first output. */
  readonly timeToFirstChunk: Histogram;
  /** Seconds between two chunks after the first: the mean of an attempt, recorded once for it. */
  readonly timePerOutputChunk: Histogram;
  /** Calls inside the pipeline, from whichever side they came. Recorded by the observe stage. */
  readonly activeCalls: UpDownCounter;
  /** Seconds a call spent in the pipeline, all its attempts and waits included, by outcome. */
  readonly callDuration: Histogram;
  /** Requests to an upstream, by outcome. */
  readonly attempts: Counter;
  /** Attempts at a target after the first, by target and the reason of the failure before. */
  readonly retries: Counter;
  /** Calls that went on to another target, by the target they left and the reason. */
  readonly fallbacks: Counter;
  /** 0 closed, 1 half open, 2 open; by target and model. */
  readonly circuitState: ObservableGauge;
  /** Seconds an attempt waited in this process, by target and what it waited for; not if it did not. */
  readonly queueDuration: Histogram;
  /** Calls refused because this process has too much to do. */
  readonly shedCalls: Counter;
  /** Connections that were not taken, or cut to make room, by reason. */
  readonly refusedConnections: Counter;
  /** Log lines that could not be written. */
  readonly droppedLogLines: ObservableCounter;
  /** API keys that were set aside, by target and reason. */
  readonly keysSetAside: Counter;
  /** Seconds for which nothing is sent, as the upstream asked or reported; by target and model. */
  readonly rateLimitHold: ObservableGauge;
  /** US dollars, by model and target. Estimates included. */
  readonly cost: Counter;
  /** Attempts that consumed tokens for which no price is known, by model and target. */
  readonly unpricedAttempts: Counter;
  /** US dollars, by budget. Over all subjects of a budget that has several. */
  readonly budgetLimit: ObservableGauge;
  /** US dollars in the running period, by budget, over all its subjects. */
  readonly budgetSpent: ObservableGauge;
  /** US dollars held for attempts that run, by budget, over all its subjects. */
  readonly budgetReserved: ObservableGauge;
  /** Alerts raised, by budget and threshold. */
  readonly budgetAlerts: Counter;
  /** Calls that the response cache answered. */
  readonly cacheHits: Counter;
  /** Calls that asked the response cache and found nothing. */
  readonly cacheMisses: Counter;
  /** Answers that were left in the response cache. */
  readonly cacheStores: Counter;
  /** Answers that left the response cache because there was no room. */
  readonly cacheEvictions: Counter;
  /** Size of the response cache. */
  readonly cacheBytes: ObservableGauge;
  /** US dollars that the answers from the response cache had cost when they were made. */
  readonly cacheSaved: Counter;
  /** Batches that have not ended. */
  readonly batches: ObservableGauge;
  /** Items of batches that got a result, by target, execution and outcome. */
  readonly batchItems: Counter;
}

/** Makes them from a meter of a started SDK; one made earlier measures nothing, for ever. */
export function createInstruments(meter: Meter): Instruments {
  const seconds = (name: string, description: string, buckets: number[]): Histogram =>
    meter.createHistogram(name, {
      unit: 's',
      description,
      advice: { explicitBucketBoundaries: buckets },
    });
  return {
    rpcServerCallDuration: seconds(
      METRIC.rpcServerCallDuration,
      'Duration of incoming remote procedure calls.',
      RPC_SECONDS,
    ),
    operationDuration: seconds(
      METRIC.operationDuration,
      'Duration of one attempt at an upstream.',
      GEN_AI_SECONDS,
    ),
    tokenUsage: meter.createHistogram(METRIC.tokenUsage, {
      unit: '{token}',
      description: 'Input and output tokens of one attempt.',
      advice: { explicitBucketBoundaries: GEN_AI_TOKENS },
    }),
    timeToFirstChunk: seconds(
      METRIC.timeToFirstChunk,
      'Time from the start of an attempt to its first output.',
      GEN_AI_SECONDS,
    ),
    timePerOutputChunk: seconds(
      METRIC.timePerOutputChunk,
      'Mean time between the chunks of an attempt after the first.',
      GEN_AI_SECONDS,
    ),
    activeCalls: meter.createUpDownCounter(METRIC.activeCalls, {
      unit: '{call}',
      description: 'Calls that are being answered.',
    }),
    callDuration: seconds(
      METRIC.callDuration,
      'Duration of a call, all its attempts and waits included.',
      RPC_SECONDS,
    ),
    attempts: meter.createCounter(METRIC.attempts, {
      unit: '{attempt}',
      description: 'Requests to an upstream, by outcome.',
    }),
    ...resilienceInstruments(meter),
    ...moneyInstruments(meter),
    ...cacheInstruments(meter),
  };
}

function resilienceInstruments(meter: Meter) {
  return {
    retries: meter.createCounter(METRIC.retries, {
      unit: '{attempt}',
      description: 'Attempts at a target after the first.',
    }),
    fallbacks: meter.createCounter(METRIC.fallbacks, {
      unit: '{call}',
      description: 'Calls that went on to another target.',
    }),
    circuitState: meter.createObservableGauge(METRIC.circuitState, {
      description: 'State of the circuit of a target: 0 closed, 1 half open, 2 open.',
    }),
    queueDuration: meter.createHistogram(METRIC.queueDuration, {
      unit: 's',
      description: 'Time an attempt waited in this process before it was made.',
      advice: { explicitBucketBoundaries: RPC_SECONDS },
    }),
    shedCalls: meter.createCounter(METRIC.shedCalls, {
      unit: '{call}',
      description: 'Calls refused because this process has too much to do.',
    }),
    refusedConnections: meter.createCounter(METRIC.refusedConnections, {
      unit: '{connection}',
      description: 'Connections that were not taken, or cut to make room.',
    }),
    droppedLogLines: meter.createObservableCounter(METRIC.droppedLogLines, {
      unit: '{line}',
      description: 'Log lines that could not be written.',
    }),
    keysSetAside: meter.createCounter(METRIC.keysSetAside, {
      unit: '{key}',
      description: 'API keys that were set aside.',
    }),
    rateLimitHold: meter.createObservableGauge(METRIC.rateLimitHold, {
      unit: 's',
      description:
        'For how long nothing is sent to a target because it limits the rate; 0: it does not.',
    }),
  };
}

function moneyInstruments(meter: Meter) {
  const dollars = (name: string, description: string): ObservableGauge =>
    meter.createObservableGauge(name, { unit: '{USD}', description });
  return {
    cost: meter.createCounter(METRIC.cost, {
      unit: '{USD}',
      description: 'What attempts cost, estimates included.',
    }),
    unpricedAttempts: meter.createCounter(METRIC.unpricedAttempts, {
      unit: '{attempt}',
      description: 'Attempts that consumed tokens for which no price is known.',
    }),
    budgetLimit: dollars(METRIC.budgetLimit, 'Limit of a budget.'),
    budgetSpent: dollars(METRIC.budgetSpent, 'Spent of a budget in the running period.'),
    budgetReserved: dollars(METRIC.budgetReserved, 'Held of a budget for attempts that run.'),
    budgetAlerts: meter.createCounter(METRIC.budgetAlerts, {
      unit: '{alert}',
      description: 'Alerts that budgets raised.',
    }),
  };
}

function cacheInstruments(meter: Meter) {
  return {
    cacheHits: meter.createCounter(METRIC.cacheHits, {
      unit: '{call}',
      description: 'Calls that the response cache answered.',
    }),
    cacheMisses: meter.createCounter(METRIC.cacheMisses, {
      unit: '{call}',
      description: 'Calls that asked the response cache and found nothing.',
    }),
    cacheStores: meter.createCounter(METRIC.cacheStores, {
      unit: '{answer}',
      description: 'Answers that were left in the response cache.',
    }),
    cacheEvictions: meter.createCounter(METRIC.cacheEvictions, {
      unit: '{answer}',
      description: 'Answers that left the response cache because there was no room.',
    }),
    cacheBytes: meter.createObservableGauge(METRIC.cacheBytes, {
      unit: 'By',
      description: 'Size of the response cache.',
    }),
    cacheSaved: meter.createCounter(METRIC.cacheSaved, {
      unit: '{USD}',
      description: 'What the answers from the response cache had cost when they were made.',
    }),
    batches: meter.createObservableGauge(METRIC.batches, {
      unit: '{batch}',
      description: 'Batches that have not ended.',
    }),
    batchItems: meter.createCounter(METRIC.batchItems, {
      unit: '{item}',
      description: 'Requests of batches that got a result.',
    }),
  };
}
