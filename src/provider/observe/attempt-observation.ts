import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Call } from '../../core/call.ts';
import type { AttemptSummary } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput, type Started } from '../../core/events.ts';
import { ATTRIBUTE, chatSpanName, EVENT_OUTPUT, FINISH_ERROR } from '../../telemetry/attributes.ts';
import { errorType } from '../../telemetry/error-type.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import { AnswerQuality } from './answer-quality.ts';
import {
  completedAttributes,
  operationAttributes,
  requestAttributes,
  type ServerAddress,
  startedAttributes,
} from './attempt-attributes.ts';
import type { AttemptMetrics } from './attempt-metrics.ts';
import { inputAttributes, OutputContent } from './content.ts';
import type { UnknownLog } from './unknown-log.ts';

export interface AttemptDeps {
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
  /** The upstream, as spans and metrics name it. */
  readonly server: ServerAddress;
  /** Whether prompts and answers stand on spans. Default false. */
  readonly captureContent?: boolean;
  /** Is told of what upstreams send that nobody knows. Default: nobody. */
  readonly unknown?: UnknownLog;
  /** Is told of each attempt when it has ended. Default: nobody. */
  readonly onAttempt?: (attempt: AttemptSummary, call: Call) => void;
}

/** Attempts of a call that are remembered; a call makes no more than a few for each of its routes. */
const MAX_LOGGED = 64;

/**
 * What is to be told of one attempt, gathered while its events pass: per event a comparison and a
 * count, everything else when it ends.
 */
export class AttemptObservation {
  readonly span: Span;
  readonly #deps: AttemptDeps;
  readonly #call: Call;
  readonly #number: number;
  readonly #metrics: AttemptMetrics;
  readonly #quality: AnswerQuality;
  readonly #startedAt: number;
  /** Absent: nobody wants it. */
  readonly #content: OutputContent | undefined;
  #started: Started | undefined;
  #completed: Completed | undefined;
  #error: ProviderError | undefined;
  #chunks = 0;
  #firstChunkAt = 0;

  constructor(deps: AttemptDeps, metrics: AttemptMetrics, call: Call, number: number) {
    this.#deps = deps;
    this.#metrics = metrics;
    this.#quality = new AnswerQuality(call.request.responseFormat);
    this.#call = call;
    this.#number = number;
    this.#startedAt = deps.clock.now();
    this.span = deps.tracer.startSpan(
      chatSpanName(call.model),
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...operationAttributes(call.model, deps.server),
          [ATTRIBUTE.attempt]: number,
          ...(call.hedge && { [ATTRIBUTE.hedge]: true }),
          [ATTRIBUTE.target]: call.upstream,
          [ATTRIBUTE.openaiApiType]: call.target.surface,
          ...(call.truncation && { [ATTRIBUTE.genAiConversationCompacted]: true }),
        },
      },
      call.context,
    );
    if (!this.span.isRecording()) return;
    this.span.setAttributes(requestAttributes(call.request));
    if (!deps.captureContent) return;
    this.span.setAttributes(inputAttributes(call.request.messages));
    this.#content = new OutputContent();
  }

  see(event: AnswerEvent): void {
    if (isOutput(event)) {
      if (this.#chunks === 0) this.#firstChunkAt = this.#deps.clock.now();
      this.#chunks += 1;
      this.#quality.see(event);
      this.#content?.see(event);
    } else if (event.type === 'started') {
      this.#started = event;
      this.#call.record.upstreamRequestId = event.upstreamRequestId;
    }
  }

  complete(completed: Completed): void {
    this.#completed = completed;
  }

  fail(error: ProviderError): void {
    const { record, signal, model, upstream } = this.#call;
    const upstreamStatus = error.facts.upstreamStatus ?? (record.upstreamStatus || undefined);
    const upstreamRequestId =
      error.facts.upstreamRequestId ?? (record.upstreamRequestId || undefined);
    this.#error = error;
    if (upstreamRequestId !== undefined) {
      record.upstreamRequestId = upstreamRequestId;
      this.span.setAttribute(ATTRIBUTE.upstreamRequestId, upstreamRequestId);
    }
    // Ended by the caller, the deadline or the drain: the upstream did not fail.
    if (signal.aborted) return;
    record.failedAttempts.push({
      attempt: this.#number,
      target: upstream,
      model,
      reason: error.reason,
      durationMs: this.#deps.clock.now() - this.#startedAt,
      ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
      ...(upstreamRequestId === undefined ? {} : { upstreamRequestId }),
    });
  }

  /** Ends the span and records the metrics. */
  end(): void {
    const { labels } = this.#deps;
    const outcome = this.#outcome();
    const error = outcome instanceof ProviderError ? outcome : undefined;
    const completed = outcome instanceof ProviderError ? undefined : outcome;
    if (completed !== undefined) {
      // An upstream that answers vouches for the name it was asked by and the one it gave.
      labels.admit(this.#call.model);
      labels.admit(completed.model);
    }
    const summary = this.#summary(outcome);
    const { record } = this.#call;
    if (record.attemptLog.length < MAX_LOGGED) record.attemptLog.push(summary);
    this.#endSpan(outcome, summary);
    this.#metrics.record({
      summary,
      request: this.#call.request,
      error,
      completed,
      responseModel: this.#completed?.model ?? this.#started?.model ?? '',
      chunks: this.#chunks,
      faults: completed === undefined ? [] : this.#quality.faults(completed),
    });
    this.#deps.onAttempt?.(summary, this.#call);
  }

  #summary(outcome: Completed | ProviderError): AttemptSummary {
    const { record, upstream, model, signal, hedge, left = [] } = this.#call;
    const before = record.attemptLog;
    const sum = (read: (attempt: AttemptSummary) => number) =>
      before.reduce((total, attempt) => total + read(attempt), 0);
    const failed = outcome instanceof ProviderError;
    return {
      attempt: this.#number,
      target: upstream,
      model,
      startedAt: this.#startedAt,
      firstOutputAt: this.#chunks > 0 ? this.#firstChunkAt : undefined,
      endedAt: this.#deps.clock.now(),
      outcome: failed ? outcome.reason : 'completed',
      ended: failed && signal.aborted,
      hedge,
      upstreamStatus: record.upstreamStatus || undefined,
      upstreamRequestId: record.upstreamRequestId || undefined,
      outputTokens: failed || outcome.usage.estimated ? undefined : outcome.usage.outputTokens,
      queuedMs: record.queuedMs - sum(({ queuedMs }) => queuedMs),
      backoffMs: record.backoffMs - sum(({ backoffMs }) => backoffMs),
      left,
    };
  }

  #outcome(): Completed | ProviderError {
    return this.#error ?? this.#completed ?? new ProviderError('INTERNAL');
  }

  #endSpan(outcome: Completed | ProviderError, { queuedMs, backoffMs }: AttemptSummary): void {
    const { span } = this;
    if (!span.isRecording()) return;
    if (this.#started !== undefined) span.setAttributes(startedAttributes(this.#started));
    if (this.#content && (this.#chunks > 0 || this.#completed)) {
      span.setAttributes(this.#content.attributes(this.#completed));
    }
    if (queuedMs > 0) span.setAttribute(ATTRIBUTE.queued, queuedMs / 1000);
    if (backoffMs > 0) span.setAttribute(ATTRIBUTE.backoff, backoffMs / 1000);
    if (this.#chunks > 0) {
      span.addEvent(EVENT_OUTPUT, {}, this.#firstChunkAt);
      span.setAttribute(
        ATTRIBUTE.genAiResponseTimeToFirstChunk,
        seconds(this.#startedAt, this.#firstChunkAt),
      );
    }
    if (outcome instanceof ProviderError) {
      span.setAttribute(ATTRIBUTE.genAiResponseFinishReasons, [FINISH_ERROR]);
      // A caller that cancels is not a fault of anybody's: neither error.type nor status.
      if (outcome.reason !== 'CANCELLED') {
        span.setAttribute(ATTRIBUTE.errorType, errorType(outcome.facts, outcome.reason));
        span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.message });
      }
    } else {
      span.setAttributes(completedAttributes(outcome));
    }
    span.end();
  }
}

/** Between two times in epoch ms. */
function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
