import type { BudgetState } from './budget-state.ts';
import { ERROR_KINDS, type ErrorKind, type ErrorReason } from './error-kinds.ts';

/** The part of an attempt that took too long. */
export type TimeoutPhase = 'connect' | 'headers' | 'first_token' | 'idle';

export interface FieldViolation {
  /** Path in the proto request: `request.messages[2].content`. */
  readonly field: string;
  /** A sentence fragment for people: "must be between 0 and 2". */
  readonly description: string;
}

/** What an upstream's error consists of, without its words: what the log tells of it. */
export interface UpstreamErrorOutline {
  /** `code`, `type` and `param` are plain identifiers; absent if the upstream's are none. */
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  /** Length of what it said, in characters. */
  readonly characters: number;
}

/** What is known of a failure beyond its reason. All of it may reach the caller. */
export interface ErrorFacts {
  /** Replaces the kind's message. Written here, never copied from the upstream. */
  readonly message?: string;
  /**
   * The upstream's own words: one line of well-formed text, at most 512 bytes of UTF-8, keys masked.
   * For the caller, whose prompt they may quote, and for nobody else: not for logs, spans and metrics.
   */
  readonly upstreamMessage?: string;
  /** Present if the upstream answered with an error. */
  readonly upstreamError?: UpstreamErrorOutline;
  readonly fieldViolations?: readonly FieldViolation[];
  /** How many more there are that `fieldViolations` does not list. Default 0. */
  readonly moreViolations?: number;
  /** How long to wait before another try, in ms. */
  readonly retryAfterMs?: number;
  readonly upstreamStatus?: number;
  /** The upstream's error code if it is a plain identifier, else absent. */
  readonly upstreamCode?: string;
  readonly upstreamRequestId?: string;
  readonly model?: string;
  /** The model to use instead, for MODEL_NOT_FOUND. */
  readonly replacement?: string;
  readonly timeoutPhase?: TimeoutPhase;
  readonly countedTokens?: number;
  readonly tokenLimit?: number;
  /** What is exhausted, for QuotaFailure: "requests per minute", a budget's name. */
  readonly quotaSubject?: string;
  /** The budget that the call does not fit, for BUDGET_EXCEEDED. */
  readonly budget?: BudgetState;
  /** A connection that had served before broke, or was silent, before any response: says nothing of the upstream. */
  readonly staleConnection?: boolean;
  /** The answer came and cannot be read: the format differs, which is no outage. */
  readonly unreadable?: boolean;
  /** What failed is this one request, whatever the status says: the upstream answers others. */
  readonly concernsRequest?: boolean;
  /** This process or its machine had nothing to ask with: no file, no port. The upstream never heard of it. */
  readonly unasked?: boolean;
  /** What the upstream says of another try (`x-should-retry`). Absent: nothing. */
  readonly shouldRetry?: boolean;
  /** The upstream asks not just to wait but to send less (`slow_down`). */
  readonly slowDown?: boolean;
  /** It refuses the field of the request that asks for usage. */
  readonly refusesStreamOptions?: boolean;
  /** No target of this account will ever take this request: it is larger than its limit. */
  readonly neverFits?: boolean;
  /** For logs only. */
  readonly cause?: unknown;
}

/** The one error class of the provider. Anything else that is thrown is a bug, and INTERNAL. */
export class ProviderError extends Error {
  readonly reason: ErrorReason;
  readonly facts: ErrorFacts;

  constructor(reason: ErrorReason, facts: ErrorFacts = {}) {
    super(facts.message ?? describe(reason, facts), { cause: facts.cause });
    this.name = 'ProviderError';
    this.reason = reason;
    this.facts = facts;
  }

  get kind(): ErrorKind {
    return ERROR_KINDS[this.reason];
  }

  /** Whether the same call may succeed if it is made again, here or elsewhere. */
  get retryable(): boolean {
    return this.kind.retryable && this.facts.neverFits !== true;
  }

  /** Whatever was thrown, as a ProviderError; what is not one already becomes INTERNAL. */
  static from(thrown: unknown): ProviderError {
    if (thrown instanceof ProviderError) return thrown;
    return new ProviderError('INTERNAL', { cause: thrown });
  }
}

/** Names the first bad field, for clients that show the message and not the details. */
function describe(reason: ErrorReason, facts: ErrorFacts): string {
  const { fieldViolations: violations = [], moreViolations = 0 } = facts;
  const first = violations[0];
  if (first === undefined) return ERROR_KINDS[reason].message;
  const others = violations.length - 1 + moreViolations;
  return `${first.field} ${first.description}${others === 0 ? '' : ` (and ${others} more)`}.`;
}
