import {
  type Attributes,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput, type Started } from '../../core/events.ts';
import {
  ATTRIBUTE,
  chatSpanName,
  OUTCOME_COMPLETED,
  TOKEN_INPUT,
  TOKEN_OUTPUT,
} from '../../telemetry/attributes.ts';
import { errorType } from '../../telemetry/error-type.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import {
  completedAttributes,
  operationAttributes,
  requestAttributes,
  type ServerAddress,
  startedAttributes,
} from './attempt-attributes.ts';

export interface AttemptDeps {
  readonly clock: Clock;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
  /** The upstream, as spans and metrics name it. */
  readonly server: ServerAddress;
}

/**
 * What is to be told of one attempt, gathered while its events pass: per event a comparison and a
 * count, everything else when it ends.
 */
export class AttemptObservation {
  readonly span: Span;
  readonly #deps: AttemptDeps;
  readonly #call: Call;
  readonly #number: number;
  readonly #startedAt: number;
  #started: Started | undefined;
  #completed: Completed | undefined;
  #error: ProviderError | undefined;
  #chunks = 0;
  #firstChunkAt = 0;

  constructor(deps: AttemptDeps, call: Call, number: number) {
    this.#deps = deps;
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
          [ATTRIBUTE.target]: call.upstream,
        },
      },
      call.context,
    );
    if (this.span.isRecording()) this.span.setAttributes(requestAttributes(call.request));
  }

  see(event: AnswerEvent): void {
    if (isOutput(event)) {
      if (this.#chunks === 0) this.#firstChunkAt = this.#deps.clock.now();
      this.#chunks += 1;
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
    if (!(outcome instanceof ProviderError)) {
      // An upstream that answers vouches for the name it was asked by and the one it gave.
      labels.admit(this.#call.model);
      labels.admit(outcome.model);
    }
    this.#endSpan(outcome);
    this.#measure(outcome);
  }

  #outcome(): Completed | ProviderError {
    return this.#error ?? this.#completed ?? new ProviderError('INTERNAL');
  }

  #endSpan(outcome: Completed | ProviderError): void {
    const { span } = this;
    if (!span.isRecording()) return;
    if (this.#started !== undefined) span.setAttributes(startedAttributes(this.#started));
    if (this.#chunks > 0) {
      span.setAttribute(
        ATTRIBUTE.genAiResponseTimeToFirstChunk,
        seconds(this.#startedAt, this.#firstChunkAt),
      );
    }
    if (outcome instanceof ProviderError) {
      span.setAttribute(ATTRIBUTE.errorType, errorType(outcome.facts, outcome.reason));
      // A caller that cancels is not a fault of anybody's.
      if (outcome.reason !== 'CANCELLED') {
        span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.message });
      }
    } else {
      span.setAttributes(completedAttributes(outcome));
    }
    span.end();
  }

  #measure(outcome: Completed | ProviderError): void {
    const { instruments } = this.#deps;
    const endedAt = this.#deps.clock.now();
    const attributes = this.#metricAttributes();
    const failed = outcome instanceof ProviderError;
    instruments.attempts.add(1, {
      ...attributes,
      [ATTRIBUTE.target]: this.#call.upstream,
      [ATTRIBUTE.outcome]: failed ? outcome.reason : OUTCOME_COMPLETED,
    });
    instruments.operationDuration.record(
      seconds(this.#startedAt, endedAt),
      failed
        ? { ...attributes, [ATTRIBUTE.errorType]: errorType(outcome.facts, outcome.reason) }
        : attributes,
    );
    if (this.#chunks > 0) {
      instruments.timeToFirstChunk.record(seconds(this.#startedAt, this.#firstChunkAt), attributes);
    }
    if (failed) return;
    if (this.#chunks > 1) {
      // The conventions want one value per chunk; the mean spares the hot path.
      const mean = seconds(this.#firstChunkAt, endedAt) / (this.#chunks - 1);
      instruments.timePerOutputChunk.record(mean, attributes);
    }
    this.#measureTokens(outcome, attributes);
  }

  #measureTokens({ usage }: Completed, attributes: Attributes): void {
    // The conventions forbid guesses here.
    if (usage.estimated) return;
    const { tokenUsage } = this.#deps.instruments;
    tokenUsage.record(usage.inputTokens, {
      ...attributes,
      [ATTRIBUTE.genAiTokenType]: TOKEN_INPUT,
    });
    tokenUsage.record(usage.outputTokens, {
      ...attributes,
      [ATTRIBUTE.genAiTokenType]: TOKEN_OUTPUT,
    });
  }

  #metricAttributes(): Attributes {
    const { labels, server } = this.#deps;
    const responseModel = this.#completed?.model ?? this.#started?.model;
    return {
      ...operationAttributes(labels.label(this.#call.model), server),
      ...(responseModel === undefined
        ? {}
        : { [ATTRIBUTE.genAiResponseModel]: labels.label(responseModel) }),
    };
  }
}

/** Between two times in epoch ms. */
function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
