import type { ErrorReason } from './error-kinds.ts';
import type { ReasoningItem, TaskType, ToolCall, ToolKind } from './message.ts';
import type { Surface } from './model.ts';
import type { Cost, Usage } from './usage.ts';

/** What an answer consists of. In-process form of tamma.provider.v1.SendMessageResponse.event. */
export type ProviderEvent = AnswerEvent | Completed;

/** What comes before the end of an answer. */
export type AnswerEvent = Started | Output | AttemptReset;

/** What an answer consists of: what "first output" and "after output" mean. */
export type Output = Delta | HostedToolEvent | AnnotationEvent;

/** Something the model said. */
export type Delta = TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta;

/** The first event of an attempt, with what it was asked and what is to be known of it. */
export interface Started {
  readonly type: 'started';
  readonly responseId: string;
  /** As the upstream names it. */
  readonly model: string;
  readonly upstreamRequestId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly effectiveSettings: EffectiveSettings;
  readonly warnings: readonly string[];
  readonly truncation?: Truncation;
  /** Name of the upstream that answers: `default`, or one of the configuration's `targets`. */
  readonly target: string;
  /** The upstream keeps the answer while it is given. Absent: it does not. */
  readonly storedUpstream?: true;
}

/** What a context policy left out of a conversation. */
export interface Truncation {
  /** Positions in the request's messages, ascending. */
  readonly droppedMessages: readonly number[];
  readonly inputTokensBefore: number;
  readonly inputTokensAfter: number;
}

/** What was sent to the upstream; what is absent was left to its default. */
export interface EffectiveSettings {
  readonly model: string;
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly reasoningEffort?: string;
  readonly reasoningSummary?: string;
  readonly serviceTier?: string;
  readonly verbosity?: string;
  /** Name of the profile whose defaults were applied. */
  readonly profile?: string;
  readonly taskType?: TaskType;
  /** The upstream's API that was used. */
  readonly api: Surface;
  readonly systemPromptAdded: boolean;
}

/** The next piece of the answer's text. */
export interface TextDelta {
  readonly type: 'textDelta';
  /** Whole code points, never empty. */
  readonly text: string;
  /** An estimate from what was received. */
  readonly outputTokensSoFar: number;
  /** `commentary` or `final_answer`. Absent: not told apart. */
  readonly phase?: string;
}

/** The next piece of what the model tells of its reasoning. */
export interface ReasoningDelta {
  readonly type: 'reasoningDelta';
  readonly text: string;
}

/** The next piece of the text with which the model refuses. */
export interface RefusalDelta {
  readonly type: 'refusalDelta';
  readonly text: string;
}

/** The next piece of a call of a tool; `Completed.toolCalls` has them whole. */
export interface ToolCallDelta {
  readonly type: 'toolCallDelta';
  readonly index: number;
  /** In the call's first delta, else empty. */
  readonly id: string;
  /** In the call's first delta, else empty. */
  readonly name: string;
  readonly argumentsFragment: string;
  /** Absent: a function. */
  readonly kind?: ToolKind;
}

/** What a tool that the upstream runs itself is doing. */
export interface HostedToolEvent {
  readonly type: 'hostedTool';
  readonly id: string;
  /** `web_search`, for instance. */
  readonly tool: string;
  readonly status: string;
  /** JSON; empty if there is none. */
  readonly detail: string;
  /** What it made, in base64. Absent: nothing, or not yet. */
  readonly data?: string;
  /** The type of `data`. */
  readonly mediaType?: string;
}

/** Where a piece of the answer's text comes from. */
export interface Annotation {
  readonly url: string;
  readonly title: string;
  /** In code points of the text; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** `url_citation`, for instance. */
  readonly kind: string;
  /** The upstream's id of the file. Absent: it is none. */
  readonly fileId?: string;
  /** The upstream's id of the container that holds the file. Absent: it lies in none. */
  readonly containerId?: string;
}

/** Told once its piece of text was. */
export interface AnnotationEvent extends Annotation {
  readonly type: 'annotation';
}

/** Everything before it is void; a new `started` follows. */
export interface AttemptReset {
  readonly type: 'attemptReset';
  readonly attempt: number;
  readonly reason: ErrorReason;
}

/** Why the answer ended; `error`: for a reason that nobody knows. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error';

/** The last event of a complete answer; there is exactly one. */
export interface Completed {
  readonly type: 'completed';
  readonly finishReason: FinishReason;
  readonly rawFinishReason: string;
  readonly toolCalls: readonly ToolCall[];
  /** To be handed back with this turn. */
  readonly reasoningItems: readonly ReasoningItem[];
  /** What the upstream wants back with this turn, opaque. Absent: nothing. */
  readonly providerData?: string;
  /** Of this attempt as the upstream leaves it, of all attempts as the caller gets it. */
  readonly usage: Usage;
  /** Of all attempts. Absent as the upstream leaves it, and if costs are not tracked. */
  readonly cost?: Cost;
  /** As the upstream names it. */
  readonly model: string;
  /** As in Started. */
  readonly target: string;
  readonly attempts: number;
  readonly failedAttempts: readonly FailedAttempt[];
  readonly timings: Timings;
  /** It came from the response cache; its usage is then all 0. */
  readonly cached: boolean;
  /** What it would have cost, had it not come from the response cache or another call. Absent: it did not. */
  readonly saved?: Cost;
  /** It came over another call, to which it is billed; its usage is then all 0. Absent: it did not. */
  readonly shared?: boolean;
  /** Under which it stands in the response cache. Absent: it does not. */
  readonly cacheKey?: string;
  readonly serviceTier: string;
  readonly systemFingerprint: string;
}

/** Where the time of a call went, in ms. */
export interface Timings {
  /** Waiting for rate limit, concurrency and budget. */
  readonly queueMs: number;
  /** Waiting between attempts, because one failed. */
  readonly backoffMs: number;
  /** Absent: there was no output. */
  readonly timeToFirstTokenMs?: number | undefined;
  readonly totalMs: number;
}

/** An attempt of the call that did not lead to its answer. */
export interface FailedAttempt {
  readonly attempt: number;
  /** As in Started. */
  readonly target: string;
  readonly model: string;
  readonly reason: ErrorReason;
  readonly upstreamStatus?: number;
  readonly upstreamRequestId?: string;
  readonly durationMs: number;
}

/** Whether an event is a part of what the model said. */
export function isOutput(event: ProviderEvent): event is Output {
  switch (event.type) {
    case 'textDelta':
    case 'reasoningDelta':
    case 'refusalDelta':
    case 'toolCallDelta':
    case 'hostedTool':
    case 'annotation':
      return true;
    default:
      return false;
  }
}

/** Characters of what an event brings; 0 for what is no output. */
export function lengthOf(event: ProviderEvent): number {
  switch (event.type) {
    case 'textDelta':
    case 'reasoningDelta':
    case 'refusalDelta':
      return event.text.length;
    case 'toolCallDelta':
      return event.argumentsFragment.length;
    case 'hostedTool':
      return event.detail.length + (event.data?.length ?? 0);
    case 'annotation':
      return event.url.length + event.title.length;
    default:
      return 0;
  }
}

/** A whole answer. In-process form of tamma.provider.v1.MessageResponse. */
export interface MessageResponse extends Omit<Completed, 'type'> {
  readonly id: string;
  /** All text but what was said on the way. */
  readonly content: string;
  /** Text of the phase `commentary`. */
  readonly commentary: string;
  /** In the order in which they came. */
  readonly annotations: readonly Annotation[];
  /** Of each use of a tool that the upstream ran itself, how it ended. */
  readonly hostedTools: readonly HostedToolEvent[];
  readonly refusal: string;
  readonly reasoning: string;
  readonly upstreamRequestId: string;
  readonly effectiveSettings: EffectiveSettings;
  readonly warnings: readonly string[];
  readonly truncation?: Truncation;
  readonly metadata: Readonly<Record<string, string>>;
}
