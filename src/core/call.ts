import type { Context } from '@opentelemetry/api';
import type { Caller } from './caller.ts';
import type { ErrorReason } from './error-kinds.ts';
import type { FieldViolation } from './errors.ts';
import type {
  AnswerEvent,
  Completed,
  Cost,
  FailedAttempt,
  FinishReason,
  Truncation,
  Usage,
} from './events.ts';
import type { Flow } from './flow.ts';
import type { KeyChoice } from './key-choice.ts';
import type { MessageRequest } from './message.ts';
import type { Target } from './model.ts';
import type { Party } from './party.ts';
import type { RateHeadroom } from './rate-headroom.ts';
import type { LeftRoute, Route } from './route.ts';
import type { UpstreamAnswer } from './upstream-answers.ts';

/** How a break of the answer is handled. In-process form of tamma.provider.v1.StreamRecovery. */
export type StreamRecovery = 'fail' | 'restart' | 'hold_back' | 'resume';

/**
 * One call on its way through the pipeline. Never changed: a stage that needs something else hands
 * `{...call, …}` on. Only `record` is written to, by whichever stage learns a fact.
 */
export interface Call {
  /** Unique; RequestInfo and the log name it. */
  readonly id: string;
  /** Who makes it. Absent: callers are not authenticated. */
  readonly caller?: Caller;
  /** As the caller sent it. Each target prepares it anew. */
  readonly asked: MessageRequest;
  /** As it is sent: `asked`, prepared for the target. */
  readonly request: MessageRequest;
  /** What is wrong with the request beyond what it shows; prepare refuses the call for it. */
  readonly violations: readonly FieldViolation[];
  /** The model to ask. Prepare resolves it; before that it is what the caller wrote. */
  readonly model: string;
  /** Where the model is asked: `default`, or one of the configuration's `targets`. */
  readonly upstream: string;
  /** What is known of the model, and how it is asked. Prepare resolves it. */
  readonly target: Target;
  /** Where the call may go if this target does not answer, best first. Prepare resolves them. */
  readonly alternatives: readonly Route[];
  /** Where the call was before it came to this target, in order. Absent: nowhere. */
  readonly left?: readonly LeftRoute[];
  /** Which of the upstream's API keys is used, as its position. The keys stage chooses it. */
  readonly key: number;
  /** Those it may be exchanged for while the attempt waits. Absent: none. The keys stage sets it. */
  readonly keys?: KeyChoice;
  /** What the profile did to the request, for `started`. Prepare sets it. */
  readonly applied: AppliedProfile;
  /** What the context policy left out, for `started`. */
  readonly truncation?: Truncation;
  /** Told to the caller in `started`. */
  readonly warnings: readonly string[];
  /** See `recoveryOf`. */
  readonly recovery: StreamRecovery;
  /**
   * The upstream is to keep the answer while it is given, so that a break can be mended. Prepare says
   * so, where the call asks for it and the upstream may.
   */
  readonly keeps?: true;
  /** Goes on with this answer, which the upstream keeps, rather than with a new one. */
  readonly resumes?: UpstreamAnswer;
  /** Nobody waits for it: it goes in capacity that others leave. Absent: somebody does. */
  readonly background?: true;
  /** A second attempt beside one that is silent: it waits for nothing. Absent: it is none. */
  readonly hedge?: true;
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
  /** Back-pressure: the caller's sink holds it, the running attempt obeys it. */
  readonly flow: Flow;
  /** Epoch ms after which nothing may be started; Infinity if the caller set none. See `deadlineOf`. */
  readonly deadline: number;
  /** Those who follow it, where several may. Absent: it is one caller's. */
  readonly party?: Party;
  /** Under which its answer may stand in the response cache. Absent: it does not use the cache. */
  readonly answerKey?: string;
  /** OpenTelemetry context whose span is the parent of what happens next. */
  readonly context: Context;
  readonly record: CallRecord;
  /** Number of the running attempt, 1 for the first; 0 outside of one. */
  readonly attempt: number;
  /** An attempt begins: it has waited for all that it had to. Absent: nobody listens. */
  readonly onAttempt?: () => void;
  /** The upstream reports how far the attempt has come; the attempt's time-outs listen. */
  readonly onProgress: (progress: AttemptProgress) => void;
  /** The upstream reports what its headers say of its rate limits; the target's limiter listens. */
  readonly onHeadroom: (headroom: RateHeadroom) => void;
  /**
   * The upstream keeps the answer, and its id was read just now: before anything of it is emitted.
   * Absent: nobody listens.
   */
  readonly onKept?: (answer: UpstreamAnswer) => void;
  /**
   * The upstream may keep an answer that nobody can go on with, stop or delete, for its id was not read.
   * Absent: nobody listens.
   */
  readonly onLost?: () => void;
  /** The upstream sent something that nobody knows, by a name that may be shown. Absent: nobody listens. */
  readonly onUnknown?: (kind: UnknownKind, name: string) => void;
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

/** What nobody knows: an event, a field of one, or a word for how an answer ended. */
export type UnknownKind = 'event' | 'field' | 'finish_word';

/**
 * `reused` instead of `connected`: over a connection that served others before. `working`: the upstream
 * says that it is still at it, although nothing comes.
 */
export type AttemptProgress = 'connected' | 'reused' | 'headers' | 'working';

/** The facts of a call, gathered on the way: for the log line, the metrics and error details. */
export interface CallRecord {
  /** Epoch ms. */
  readonly startedAt: number;
  /** The resolved model, empty while it is not known. */
  model: string;
  /** Of the last attempt: `default`, or one of the configuration's `targets`. Empty before the first. */
  target: string;
  attempts: number;
  /** The number that the last attempt of the call got: those that run beside each other share it. */
  readonly numbers: { last: number };
  readonly failedAttempts: FailedAttempt[];
  /** What became of the call's second attempt beside a silent one. Absent: none was made. */
  hedge?: HedgeOutcome;
  /**
   * All attempts that have ended, in order: what the call did and what it waited for. Of two that ran
   * beside each other the one that counted comes last.
   */
  readonly attemptLog: AttemptSummary[];
  /** Of the last attempt; empty if the upstream gave none. */
  upstreamRequestId: string;
  /** HTTP status of the last attempt; 0 if the upstream has not answered. */
  upstreamStatus: number;
  /** Epoch ms of the first output; absent while there was none. */
  firstOutputAt?: number;
  finishReason?: FinishReason;
  /** Time spent waiting in this process before attempts: rate limit, concurrency, budget. In ms. */
  queuedMs: number;
  /** Time spent waiting between attempts because one failed. In ms. */
  backoffMs: number;
  /** What came up on the way and the caller should know, one sentence each, for the next `started`. */
  readonly warnings: string[];
  /** What attempts consumed, in order of their end. Metering writes it. */
  readonly charges: Charge[];
  /** Over all attempts; absent while nothing was consumed. */
  usage?: Usage;
  /** Over all attempts; absent while nothing was consumed, or if costs are not tracked. */
  cost?: Cost;
}

/**
 * Of a second attempt beside one that was silent: its output was first (`won`), the other's was (`lost`),
 * it `failed`, or a limit or budget `refused` it before it was made.
 */
export type HedgeOutcome = 'won' | 'lost' | 'failed' | 'refused';

/** One attempt that has ended. Times are epoch ms. */
export interface AttemptSummary {
  readonly attempt: number;
  readonly target: string;
  readonly model: string;
  readonly startedAt: number;
  /** Absent: it had no output. */
  readonly firstOutputAt?: number;
  readonly endedAt: number;
  readonly outcome: 'completed' | ErrorReason;
  /**
   * Ended by the caller, the deadline, the drain or a quicker attempt, and through no fault of the
   * upstream.
   */
  readonly ended: boolean;
  /** It was made beside one that was silent. */
  readonly hedge?: true;
  readonly upstreamStatus?: number;
  readonly upstreamRequestId?: string;
  /** Output tokens that the upstream reported. Absent: it did not. */
  readonly outputTokens?: number;
  /** Waited for it in this process: rate limit, concurrency, budget, circuit. In ms. */
  readonly queuedMs: number;
  /** Waited for it because the one before failed. In ms. */
  readonly backoffMs: number;
  /** Where the call was before, and why it left. */
  readonly left: readonly LeftRoute[];
}

/** What one attempt consumed. */
export interface Charge {
  /** Its number. */
  readonly attempt: number;
  readonly upstream: string;
  /** Id of the model in the catalogue, or the name that was sent if it is in none. */
  readonly model: string;
  readonly usage: Usage;
  /** Absent if costs are not tracked. */
  readonly cost?: Cost;
  /** That served it; empty if the upstream did not say. */
  readonly serviceTier: string;
  /** `completed`, or why the attempt ended; `cached`: none was made. */
  readonly outcome: 'completed' | 'cached' | ErrorReason;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms. */
  readonly endedAt: number;
}

export function newCallRecord(startedAt: number): CallRecord {
  return {
    startedAt,
    model: '',
    target: '',
    attempts: 0,
    numbers: { last: 0 },
    failedAttempts: [],
    attemptLog: [],
    upstreamRequestId: '',
    upstreamStatus: 0,
    queuedMs: 0,
    backoffMs: 0,
    warnings: [],
    charges: [],
  };
}

/** Takes the events of an answer as they come. Synchronous, and never throws. */
export type Emit = (event: AnswerEvent) => void;

/**
 * Answers a call: emits `started` and what follows it, and resolves with the end of the answer. The
 * call ends OK if and only if it resolves. Nothing is emitted any more once the promise is settled.
 */
export type Handler = (call: Call, emit: Emit) => Promise<Completed>;

/**
 * One concern around a handler: `try / catch / finally` around `await next(call, emit)`. One that
 * watches deltas hands its own `emit` on, one that does not the emit it got.
 */
export type Stage = (next: Handler) => Handler;
