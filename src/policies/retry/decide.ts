import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import { retryDelayMs, withCredibleWait, withoutSpread } from './delay.ts';
import type { RetryOptions } from './options.ts';

/** An attempt that failed, and where its call stands. */
export interface FailedTry {
  readonly error: ProviderError;
  /** Made at this target within the call, this one included; 1 or more. */
  readonly attempts: number;
  /**
   * It met a connection that was dead, so that it says nothing of the target and another attempt costs
   * nothing. Once in a call: a second such failure is no coincidence any more.
   */
  readonly free: boolean;
  /** Nothing may follow, whatever the error: the call is over, or its caller keeps what it has. */
  readonly final: boolean;
  /** Until the call's deadline, in ms; Infinity if it has none. */
  readonly remainingMs: number;
  /** There is somewhere else to go. */
  readonly hasAlternatives: boolean;
  /** How long the last attempt took, in ms. */
  readonly tookMs: number;
}

export interface DecideDeps {
  /** In [0, 1). */
  readonly random: () => number;
  /** Longest wait here while there is somewhere else to go, in ms. */
  readonly maxWaitMs: number;
}

export type RetryDecision =
  | { readonly retry: true; readonly waitMs: number }
  | { readonly retry: false; readonly error: ProviderError };

/**
 * Failures after which the same request may succeed at the same target, and whether it is made again
 * if the upstream does not say (`x-should-retry`). All others are final, whatever it says: the same
 * request meets the same refusal, quota and budgets do not come back within a call, and an open
 * circuit is there to keep attempts away.
 */
const RETRIED_BY_DEFAULT: Partial<Record<ErrorReason, boolean>> = {
  RATE_LIMIT_EXCEEDED: true,
  SERVICE_UNAVAILABLE: true,
  NETWORK_ERROR: true,
  TIMEOUT: true,
  PROVIDER_ERROR: false,
};

/** From which on a failure has cost the caller so much that the same target is not asked again, in ms. */
const SLOW_FAILURE_MS = 5_000;
/** The same silent target is not asked a third time. */
const MAX_SLOW_ATTEMPTS = 2;

/** Whether, and when, the same target is asked again; if not, the error with which it is left. */
export function decideRetry(
  failed: FailedTry,
  options: RetryOptions,
  deps: DecideDeps,
): RetryDecision {
  const { error, attempts } = failed;
  if (failed.final || attempts >= options.maxAttempts || !mayPass(error)) return give(error);
  // What cannot be read is most likely what this upstream always sends.
  if (error.facts.unreadable && attempts > 1) return give(error);
  if (failed.free) return { retry: true, waitMs: 0 };
  // Who let the caller wait is likely to do so again.
  if (isSlow(failed) && (failed.hasAlternatives || attempts >= MAX_SLOW_ATTEMPTS)) {
    return give(error);
  }
  const waitMs = retryDelayMs(error.facts, attempts, options, deps.random);
  if (waitMs >= failed.remainingMs) return give(withWait(error, waitMs));
  if (failed.hasAlternatives && withoutSpread(waitMs, error.facts) > deps.maxWaitMs) {
    return give(error);
  }
  return { retry: true, waitMs };
}

/** A time-out, or a connection or an answer that failed after a long time. */
function isSlow({ error, tookMs }: FailedTry): boolean {
  return error.reason === 'TIMEOUT' || tookMs >= SLOW_FAILURE_MS;
}

function give(error: ProviderError): RetryDecision {
  return { retry: false, error: withCredibleWait(error) };
}

function mayPass(error: ProviderError): boolean {
  const byDefault = RETRIED_BY_DEFAULT[error.reason];
  if (byDefault === undefined || isOwnLimit(error)) return false;
  return error.facts.shouldRetry ?? byDefault;
}

/** The queue of this process refused the attempt: it has waited as long as made sense. */
function isOwnLimit({ reason, facts }: ProviderError): boolean {
  if (reason !== 'RATE_LIMIT_EXCEEDED') return false;
  // An upstream that reports it inside a stream gives a code and no status.
  return facts.upstreamStatus === undefined && facts.upstreamCode === undefined;
}

/** So that the caller is told when to come back. */
function withWait(error: ProviderError, waitMs: number): ProviderError {
  return new ProviderError(error.reason, { ...error.facts, retryAfterMs: waitMs });
}
