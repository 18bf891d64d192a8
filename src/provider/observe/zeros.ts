import type { Attributes, Counter } from '@opentelemetry/api';
import type { HedgeOutcome } from '../../core/call-record.ts';
import type { FinishReason } from '../../core/events.ts';
import { ATTRIBUTE, MODALITY_TEXT, OUTCOME_COMPLETED } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { MetricDefinition } from '../../telemetry/metric-definition.ts';
import { METRICS, type MetricKey } from '../../telemetry/metrics.ts';
import { ANSWER_FAULTS } from './answer-quality.ts';
import { operationAttributes, type ServerAddress } from './attempt-attributes.ts';

/** What is known of the counters' attributes before anything is counted. */
export interface KnownFromTheStart {
  readonly targets: readonly { readonly name: string; readonly server: ServerAddress }[];
  /** The default model. */
  readonly model: string;
  readonly budgets: readonly {
    readonly name: string;
    readonly alertThresholds: readonly number[];
  }[];
}

const FINISH_REASONS: readonly FinishReason[] = [
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'error',
];
const TRIED_AGAIN = ['RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE', 'NETWORK_ERROR', 'TIMEOUT'];
const KEY_REFUSALS = ['INVALID_API_KEY', 'QUOTA_EXCEEDED'];
const HEDGE_OUTCOMES: readonly HedgeOutcome[] = ['won', 'lost', 'failed', 'refused'];
const UNKNOWN_KINDS = ['event', 'field', 'item', 'finish_word'];

/**
 * Lets counters begin at 0 rather than with their first event, which a rate would miss: those without
 * attributes, and for each target with the default model, each budget, and the reasons that are to be
 * expected.
 */
export function startAtZero(instruments: Instruments, known: KnownFromTheStart): void {
  for (const [key, { kind, attributes }] of Object.entries<MetricDefinition>(METRICS)) {
    if (kind === 'counter' && attributes.length === 0) {
      (instruments[key as MetricKey] as Counter).add(0);
    }
  }
  for (const { name, server } of known.targets) {
    const target = { [ATTRIBUTE.target]: name };
    zeros(instruments.retries, target, ATTRIBUTE.reason, TRIED_AGAIN);
    zeros(instruments.resumes, target, ATTRIBUTE.reason, TRIED_AGAIN);
    zeros(instruments.fallbacks, target, ATTRIBUTE.reason, TRIED_AGAIN);
    zeros(instruments.hedges, target, ATTRIBUTE.outcome, HEDGE_OUTCOMES);
    instruments.hedgeSaved.add(0, target);
    instruments.hedgeCost.add(0, target);
    zeros(instruments.keysSetAside, target, ATTRIBUTE.reason, KEY_REFUSALS);
    zeros(instruments.unknownParts, target, ATTRIBUTE.kind, UNKNOWN_KINDS);
    for (const execution of ['upstream', 'local']) {
      const ofBatches = { ...target, [ATTRIBUTE.batchExecution]: execution };
      zeros(instruments.batchItems, ofBatches, ATTRIBUTE.outcome, [OUTCOME_COMPLETED, 'failed']);
    }
    const ofModel = { ...target, [ATTRIBUTE.genAiRequestModel]: known.model };
    zeros(instruments.attempts, ofModel, ATTRIBUTE.outcome, [
      OUTCOME_COMPLETED,
      ...TRIED_AGAIN,
      ...KEY_REFUSALS,
    ]);
    zeros(instruments.answers, ofModel, ATTRIBUTE.finishReason, FINISH_REASONS);
    zeros(instruments.answerFaults, ofModel, ATTRIBUTE.fault, ANSWER_FAULTS);
    instruments.cost.add(0, ofModel);
    instruments.unpricedAttempts.add(0, ofModel);
    startUsage(instruments, known.model, server);
  }
  for (const { name, alertThresholds } of known.budgets) {
    for (const threshold of alertThresholds) {
      instruments.budgetAlerts.add(0, {
        [ATTRIBUTE.budget]: name,
        [ATTRIBUTE.threshold]: threshold,
      });
    }
  }
}

function startUsage(instruments: Instruments, model: string, server: ServerAddress): void {
  const attributes = {
    ...operationAttributes(model, server),
    [ATTRIBUTE.genAiTokenModality]: MODALITY_TEXT,
  };
  instruments.inputTokens.add(0, attributes);
  instruments.outputTokens.add(0, attributes);
  instruments.cacheReadTokens.add(0, attributes);
  instruments.cacheWriteTokens.add(0, attributes);
  instruments.reasoningTokens.add(0, attributes);
}

function zeros(counter: Counter, common: Attributes, name: string, values: readonly string[]) {
  for (const value of values) counter.add(0, { ...common, [name]: value });
}
