import type { ErrorReason } from './error-kinds.ts';
import type { FailedAttempt, FinishReason } from './events.ts';
import type { LeftRoute } from './route.ts';
import type { Cost, Usage } from './usage.ts';

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
  readonly firstOutputAt?: number | undefined;
  readonly endedAt: number;
  readonly outcome: 'completed' | ErrorReason;
  /**
   * Ended by the caller, the deadline, the drain or a quicker attempt, and through no fault of the
   * upstream.
   */
  readonly ended: boolean;
  /** It was made beside one that was silent. */
  readonly hedge?: true | undefined;
  readonly upstreamStatus?: number | undefined;
  readonly upstreamRequestId?: string | undefined;
  /** Output tokens that the upstream reported. Absent: it did not. */
  readonly outputTokens?: number | undefined;
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

/**
 * What was charged since `last` was the last charge. Where a shared call was handed over meanwhile, what was
 * charged before has gone with who paid for it: a count of charges would not hold.
 */
export function chargesSince({ charges }: CallRecord, last: Charge | undefined): readonly Charge[] {
  return last === undefined ? charges : charges.slice(charges.indexOf(last) + 1);
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
