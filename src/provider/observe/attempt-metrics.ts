import type { Attributes } from '@opentelemetry/api';
import type { AttemptSummary } from '../../core/call-record.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Usage } from '../../core/usage.ts';
import { ATTRIBUTE, MODALITY_TEXT, MODALITY_UNKNOWN } from '../../telemetry/attributes.ts';
import { errorType } from '../../telemetry/error-type.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { Kept } from '../../telemetry/kept.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import type { AnswerFault } from './answer-quality.ts';
import { operationAttributes, type ServerAddress } from './attempt-attributes.ts';

/** What is measured of an attempt that has ended. */
export interface MeasuredAttempt {
  readonly summary: AttemptSummary;
  readonly request: MessageRequest;
  /** Absent: it failed. */
  readonly completed?: Completed | undefined;
  readonly error?: ProviderError | undefined;
  /** As the upstream names it; empty if it did not. */
  readonly responseModel: string;
  readonly chunks: number;
  readonly faults: readonly AnswerFault[];
}

/** Tiers that metrics tell apart: the word is the upstream's. */
const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'priority', 'scale']);
const OTHER_TIER = 'other';

/** What the metrics of one kind of attempts are recorded with; frozen, see AttributeSets. */
interface AttemptSets {
  readonly outcome: Attributes;
  readonly finishReason: Attributes;
  readonly common: Attributes;
  readonly duration: Attributes;
  readonly tokens: Attributes;
  readonly input: Attributes;
  readonly output: Attributes;
  /** Of an attempt whose usage nobody reported. */
  readonly unknown: Attributes;
}

/** The metrics of the attempts at one upstream. */
export class AttemptMetrics {
  readonly #instruments: Instruments;
  readonly #labels: ModelLabels;
  readonly #server: ServerAddress;
  readonly #kept = new Kept<AttemptSets>();

  constructor(instruments: Instruments, labels: ModelLabels, server: ServerAddress) {
    this.#instruments = instruments;
    this.#labels = labels;
    this.#server = server;
  }

  record(attempt: MeasuredAttempt): void {
    const { summary, completed } = attempt;
    const { target, startedAt, firstOutputAt, endedAt } = summary;
    const sets = this.#setsOf(attempt);
    const instruments = this.#instruments;
    instruments.attempts.add(1, sets.outcome);
    instruments.inferenceDuration.record(seconds(startedAt, endedAt), sets.duration);
    if (firstOutputAt !== undefined) {
      instruments.timeToFirstChunk.record(seconds(startedAt, firstOutputAt), sets.common);
      if (completed && attempt.chunks > 1) {
        // The conventions want one value per chunk; the mean spares the hot path.
        const mean = seconds(firstOutputAt, endedAt) / (attempt.chunks - 1);
        instruments.timePerOutputChunk.record(mean, sets.common);
      }
    }
    this.#recordTokens(completed, sets);
    if (completed === undefined) return;
    instruments.answers.add(1, sets.finishReason);
    for (const fault of attempt.faults) {
      const model = this.#labels.label(summary.model);
      instruments.answerFaults.add(1, own(target, model, ATTRIBUTE.fault, fault));
    }
  }

  /** A guess is no report: the conventions forbid it here. */
  #recordTokens(completed: Completed | undefined, sets: AttemptSets): void {
    const usage = completed?.usage.estimated === false ? completed.usage : undefined;
    const { attemptInputTokens, attemptOutputTokens } = this.#instruments;
    attemptInputTokens.record(usage?.inputTokens ?? 0, sets.tokens);
    attemptOutputTokens.record(usage?.outputTokens ?? 0, sets.tokens);
    if (usage !== undefined) this.#addUsage(usage, sets);
    else this.#addNothing(sets);
  }

  /** So that a rate knows the attempts that consumed nothing, as far as anybody was told. */
  #addNothing({ unknown }: AttemptSets): void {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } =
      this.#instruments;
    for (const counter of [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens]) {
      counter.add(0, unknown);
    }
    reasoningTokens.add(0, unknown);
  }

  #addUsage(usage: Usage, { input, output }: AttemptSets): void {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } =
      this.#instruments;
    inputTokens.add(usage.inputTokens, input);
    outputTokens.add(usage.outputTokens, output);
    cacheReadTokens.add(usage.cacheReadTokens, input);
    cacheWriteTokens.add(usage.cacheWriteTokens, input);
    reasoningTokens.add(usage.reasoningTokens, output);
  }

  /** Made once for all attempts that differ in figures alone. */
  #setsOf({ summary, completed, error, request, responseModel }: MeasuredAttempt): AttemptSets {
    const { target, outcome } = summary;
    const model = this.#labels.label(summary.model);
    const answering = responseModel === '' ? '' : this.#labels.label(responseModel);
    const failure = errorOf(error);
    const tier = tierOf(completed);
    const finishReason = completed?.finishReason ?? '';
    const modality = isText(request) ? MODALITY_TEXT : MODALITY_UNKNOWN;
    const key = `${target}|${model}|${answering}|${outcome}|${failure}|${finishReason}|${tier}|${modality}`;
    return this.#kept.get(key, () => {
      const common = {
        ...operationAttributes(model, this.#server),
        ...(answering !== '' && { [ATTRIBUTE.genAiResponseModel]: answering }),
      };
      const ofError = failure !== '' && { [ATTRIBUTE.errorType]: failure };
      const ofTier = tier !== '' && { [ATTRIBUTE.openaiResponseServiceTier]: tier };
      const ofKind = (kind: string) => ({ ...common, [ATTRIBUTE.genAiTokenModality]: kind });
      return {
        outcome: own(target, model, ATTRIBUTE.outcome, outcome),
        finishReason: own(target, model, ATTRIBUTE.finishReason, finishReason),
        common: Object.freeze(common),
        duration: Object.freeze({ ...common, ...ofError, ...ofTier }),
        tokens: Object.freeze({ ...common, ...ofError }),
        input: Object.freeze({ ...ofKind(modality), ...ofTier }),
        output: Object.freeze({ ...ofKind(MODALITY_TEXT), ...ofTier }),
        unknown: Object.freeze(ofKind(MODALITY_UNKNOWN)),
      };
    });
  }
}

function own(target: string, model: string, name: string, value: string): Attributes {
  return Object.freeze({
    [ATTRIBUTE.target]: target,
    [ATTRIBUTE.genAiRequestModel]: model,
    [name]: value,
  });
}

/** Empty for none. A caller that cancels is not a fault of anybody's. */
function errorOf(error: ProviderError | undefined): string {
  if (error === undefined || error.reason === 'CANCELLED') return '';
  return errorType(error.facts, error.reason);
}

/** Empty where the upstream named none. */
function tierOf(completed: Completed | undefined): string {
  const tier = completed?.serviceTier ?? '';
  return tier === '' || TIERS.has(tier) ? tier : OTHER_TIER;
}

function isText({ messages }: MessageRequest): boolean {
  return messages.every(({ content }) => typeof content === 'string');
}

/** Between two times in epoch ms. */
function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
