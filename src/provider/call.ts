import type { Context } from '@opentelemetry/api';
import type { Target } from './catalogue/model.ts';
import type { FieldViolation } from './errors.ts';
import type { FailedAttempt, FinishReason, ProviderEvent, Truncation, Usage } from './events.ts';
import type { MessageRequest } from './message.ts';

/** How a break of the answer is handled. In-process form of tamma.provider.v1.StreamRecovery. */
export type StreamRecovery = 'fail' | 'restart' | 'hold_back';

/**
 * One call on its way through the pipeline. Never changed: a stage that needs something else hands
 * `{...call, …}` on. Only `record` is written to, by whichever stage learns a fact.
 */
export interface Call {
  /** Unique; RequestInfo and the log name it. */
  readonly id: string;
  readonly request: MessageRequest;
  /** What is wrong with the request beyond what it shows; prepare refuses the call for it. */
  readonly violations: readonly FieldViolation[];
  /** The model to ask. Prepare resolves it; before that it is what the caller wrote. */
  readonly model: string;
  /** What is known of the model, and how it is asked. Prepare resolves it. */
  readonly target: Target;
  /** What the profile did to the request, for `started`. Prepare sets it. */
  readonly applied: AppliedProfile;
  /** What the context policy left out, for `started`. */
  readonly truncation?: Truncation;
  /** Told to the caller in `started`. */
  readonly warnings: readonly string[];
  readonly recovery: StreamRecovery;
  /** Replaces the configured time-out, in ms. */
  readonly firstTokenTimeoutMs?: number;
  /** Replaces the configured time-out, in ms. */
  readonly idleTimeoutMs?: number;
  /**
   * Ends the call: caller's cancel, deadline, drain, and inside an attempt its time-outs too. Inside
   * an attempt `signal.reason` is always a ProviderError, so `signal.throwIfAborted()` throws the
   * right one; outside, an in-process caller's reason may be anything: `endReason` translates it.
   */
  readonly signal: AbortSignal;
  /** Epoch ms after which nothing may be started; Infinity if the caller set none. */
  readonly deadline: number;
  /** OpenTelemetry context whose span is the parent of what happens next. */
  readonly context: Context;
  readonly record: CallRecord;
  /** Number of the running attempt, 1 for the first; 0 outside of one. */
  readonly attempt: number;
  /** The upstream reports how far the attempt has come; the attempt's time-outs listen. */
  readonly onProgress: (progress: AttemptProgress) => void;
}

/** What a profile did to a request. */
export interface AppliedProfile {
  /** Its name, if there was one. */
  readonly profile?: string;
  readonly systemPromptAdded: boolean;
  /** The limit of the answer is the profile's or the task's, not the caller's. */
  readonly maxTokensAdded: boolean;
}

export const NOTHING_APPLIED: AppliedProfile = { systemPromptAdded: false, maxTokensAdded: false };

export type AttemptProgress = 'connected' | 'headers';

/** The facts of a call, gathered on the way: for the log line, the metrics and error details. */
export interface CallRecord {
  /** Epoch ms. */
  readonly startedAt: number;
  /** The resolved model, empty while it is not known. */
  model: string;
  attempts: number;
  readonly failedAttempts: FailedAttempt[];
  /** Of the last attempt; empty if the upstream gave none. */
  upstreamRequestId: string;
  /** HTTP status of the last attempt; 0 if the upstream has not answered. */
  upstreamStatus: number;
  /** Epoch ms of the first output; absent while there was none. */
  firstOutputAt?: number;
  finishReason?: FinishReason;
  /** Over all attempts; absent while no request was sent. */
  usage?: Usage;
}

export function newCallRecord(startedAt: number): CallRecord {
  return {
    startedAt,
    model: '',
    attempts: 0,
    failedAttempts: [],
    upstreamRequestId: '',
    upstreamStatus: 0,
  };
}

/** Answers a call. Ends normally if and only if the last event was `completed`; else throws. */
export type Handler = (call: Call) => AsyncIterable<ProviderEvent>;

/** One concern around a handler. A stage that has nothing to do with events returns `next(call)`. */
export type Stage = (next: Handler) => Handler;
