import type { Attributes } from '@opentelemetry/api';
import type { AttemptSummary } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed, Usage } from '../../core/events.ts';
import type { MessageRequest } from '../../core/message.ts';
import { ATTRIBUTE, MODALITY_TEXT, MODALITY_UNKNOWN } from '../../telemetry/attributes.ts';
import { errorType } from '../../telemetry/error-type.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import type { AnswerFault } from './answer-quality.ts';
import { operationAttributes, type ServerAddress } from './attempt-attributes.ts';

/** What is measured of an attempt that has ended. */
export interface MeasuredAttempt {
  readonly summary: AttemptSummary;
  readonly request: MessageRequest;
  /** Absent: it failed. */
  readonly completed?: Completed;
  readonly error?: ProviderError;
  /** As the upstream names it; empty if it did not. */
  readonly responseModel: string;
  readonly chunks: number;
  readonly faults: readonly AnswerFault[];
}

/** Tiers that metrics tell apart: the word is the upstream's. */
const TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'priority', 'scale']);
const OTHER_TIER = 'other';

/** Of an attempt whose usage nobody reported. */
const NO_USAGE = { [ATTRIBUTE.genAiTokenModality]: MODALITY_UNKNOWN };

/** Attribute sets that are kept; models, tiers and error types are few. */
const MAX_KEPT = 1_000;

/** The metrics of the attempts at one upstream. */
export class AttemptMetrics {
  readonly #instruments: Instruments;
  readonly #labels: ModelLabels;
  readonly #server: ServerAddress;
  readonly #kept = new Map<string, Attributes>();

  constructor(instruments: Instruments, labels: ModelLabels, server: ServerAddress) {
    this.#instruments = instruments;
    this.#labels = labels;
    this.#server = server;
  }

  record(attempt: MeasuredAttempt): void {
    const { summary, completed } = attempt;
    const { target, outcome, startedAt, firstOutputAt, endedAt } = summary;
    const model = this.#labels.label(summary.model);
    const instruments = this.#instruments;
    instruments.attempts.add(1, this.#own(target, model, ATTRIBUTE.outcome, outcome));
    const common = this.#common(model, attempt.responseModel, {});
    this.#recordDuration(attempt, model, seconds(startedAt, endedAt));
    if (firstOutputAt !== undefined) {
      instruments.timeToFirstChunk.record(seconds(startedAt, firstOutputAt), common);
      if (completed && attempt.chunks > 1) {
        // The conventions want one value per chunk; the mean spares the hot path.
        const mean = seconds(firstOutputAt, endedAt) / (attempt.chunks - 1);
        instruments.timePerOutputChunk.record(mean, common);
      }
    }
    this.#recordTokens(attempt, model);
    if (completed === undefined) return;
    const { finishReason } = completed;
    instruments.answers.add(1, this.#own(target, model, ATTRIBUTE.finishReason, finishReason));
    for (const fault of attempt.faults) {
      instruments.answerFaults.add(1, this.#own(target, model, ATTRIBUTE.fault, fault));
    }
  }

  #recordDuration({ completed, error, responseModel }: MeasuredAttempt, model: string, s: number) {
    const attributes = this.#common(model, responseModel, {
      ...errorAttribute(error),
      ...tierAttribute(completed),
    });
    this.#instruments.inferenceDuration.record(s, attributes);
  }

  /** A guess is no report: the conventions forbid it here. */
  #recordTokens(
    { completed, error, request, responseModel }: MeasuredAttempt,
    model: string,
  ): void {
    const usage = completed?.usage.estimated === false ? completed.usage : undefined;
    const { attemptInputTokens, attemptOutputTokens } = this.#instruments;
    const ofOne = this.#common(model, responseModel, errorAttribute(error));
    attemptInputTokens.record(usage?.inputTokens ?? 0, ofOne);
    attemptOutputTokens.record(usage?.outputTokens ?? 0, ofOne);
    if (usage !== undefined) this.#addUsage(usage, model, responseModel, request, completed);
    else this.#addNothing(this.#common(model, responseModel, NO_USAGE));
  }

  /** So that a rate knows the attempts that consumed nothing, as far as anybody was told. */
  #addNothing(unknown: Attributes): void {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } =
      this.#instruments;
    for (const counter of [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens]) {
      counter.add(0, unknown);
    }
    reasoningTokens.add(0, unknown);
  }

  #addUsage(
    usage: Usage,
    model: string,
    responseModel: string,
    request: MessageRequest,
    completed: Completed | undefined,
  ): void {
    const tier = tierAttribute(completed);
    const input = this.#common(model, responseModel, {
      [ATTRIBUTE.genAiTokenModality]: isText(request) ? MODALITY_TEXT : MODALITY_UNKNOWN,
      ...tier,
    });
    const output = this.#common(model, responseModel, {
      [ATTRIBUTE.genAiTokenModality]: MODALITY_TEXT,
      ...tier,
    });
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } =
      this.#instruments;
    inputTokens.add(usage.inputTokens, input);
    outputTokens.add(usage.outputTokens, output);
    cacheReadTokens.add(usage.cacheReadTokens, input);
    cacheWriteTokens.add(usage.cacheWriteTokens, input);
    reasoningTokens.add(usage.reasoningTokens, output);
  }

  #common(model: string, responseModel: string, more: Attributes): Attributes {
    const answering = responseModel === '' ? '' : this.#labels.label(responseModel);
    const key = `${model}|${answering}|${Object.entries(more).flat().join('|')}`;
    return this.#keep(key, () => ({
      ...operationAttributes(model, this.#server),
      ...(answering === '' ? {} : { [ATTRIBUTE.genAiResponseModel]: answering }),
      ...more,
    }));
  }

  #own(target: string, model: string, name: string, value: string): Attributes {
    return this.#keep(`${name}|${target}|${model}|${value}`, () => ({
      [ATTRIBUTE.target]: target,
      [ATTRIBUTE.genAiRequestModel]: model,
      [name]: value,
    }));
  }

  #keep(key: string, make: () => Attributes): Attributes {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const made = make();
    this.#kept.set(key, made);
    return made;
  }
}

/** A caller that cancels is not a fault of anybody's. */
function errorAttribute(error: ProviderError | undefined): Attributes {
  if (error === undefined || error.reason === 'CANCELLED') return {};
  return { [ATTRIBUTE.errorType]: errorType(error.facts, error.reason) };
}

function tierAttribute(completed: Completed | undefined): Attributes {
  const tier = completed?.serviceTier ?? '';
  if (tier === '') return {};
  return { [ATTRIBUTE.openaiResponseServiceTier]: TIERS.has(tier) ? tier : OTHER_TIER };
}

function isText({ messages }: MessageRequest): boolean {
  return messages.every(({ content }) => typeof content === 'string');
}

/** Between two times in epoch ms. */
function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
