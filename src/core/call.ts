import type { Context } from '@opentelemetry/api';
import type { CallRecord } from './call-record.ts';
import type { Caller } from './caller.ts';
import type { FieldViolation } from './errors.ts';
import type { AnswerEvent, Completed, Truncation } from './events.ts';
import type { Flow } from './flow.ts';
import type { KeyChoice } from './key-choice.ts';
import type { MessageRequest } from './message.ts';
import type { Target } from './model.ts';
import type { RateHeadroom } from './rate-headroom.ts';
import type { LeftRoute, Route } from './route.ts';
import type { UpstreamAnswer } from './upstream-answers.ts';
import type { Usage } from './usage.ts';

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
  readonly caller?: Caller | undefined;
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
  readonly background?: true | undefined;
  /** A second attempt beside one that is silent: it waits for nothing. Absent: it is none. */
  readonly hedge?: true;
  /** Replaces the configured time-out, in ms. */
  readonly firstTokenTimeoutMs?: number | undefined;
  /** Replaces the configured time-out, in ms. */
  readonly idleTimeoutMs?: number | undefined;
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
  /** What the upstream said that an answer used which comes to no end; an output of 0 is not known. Absent: nobody listens. */
  readonly onFailedUsage?: (usage: Usage, serviceTier: string) => void;
  /** Calls of tools that the upstream ran for such an answer, as it bills them, by name. Absent: nobody listens. */
  readonly onFailedCalls?: (calls: NonNullable<Usage['toolCalls']>) => void;
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

/** What nobody knows: an event, a field of one, an item of the output or a part of one, or a word for how an answer ended. */
export type UnknownKind = 'event' | 'field' | 'item' | 'finish_word';

/**
 * `reused` instead of `connected`: over a connection that served others before. `working`: the upstream
 * says that it is still at it, although nothing comes.
 */
export type AttemptProgress = 'connected' | 'reused' | 'headers' | 'working';

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

/** Those who follow one call together, as it stands: they come and go while it runs. */
export interface Party {
  /** Epoch ms: the latest of their deadlines. */
  readonly deadline: number;
  /** `fail` where all of them want that: else what is made of a break is left to each. */
  readonly recovery: StreamRecovery;
  /** Who the call is billed to. */
  readonly payer: Call;
  /**
   * Asks `accept` when another one is to pay, who is `payer` by then; it throws if that one cannot.
   * Returns what ends it.
   */
  onPayer(accept: () => void): () => void;
  /** A budget of the payer's user has too little: the answer waits for it, or is cut short. */
  onShort(): void;
}
