/** How often, and how long after a failure, the same target is asked again. */
export interface RetryOptions {
  /** Attempts at one target within one call, the first one included, beside probes of its open circuit. 1 to 10. */
  readonly maxAttempts: number;
  /** Longest wait before the second attempt, in ms; it doubles from attempt to attempt. */
  readonly baseDelayMs: number;
  /** Longest wait that is chosen here, in ms; what the upstream asks for may be longer. */
  readonly maxDelayMs: number;
  /** Retries per call, over all calls: what a whole upstream's failure adds to its load. 0 to 1. */
  readonly budgetRatio: number;
  /**
   * Retries per second that may be made whatever the ratio says, so that few calls can be retried at
   * all. Not saved up.
   */
  readonly budgetMinimum: number;
}

/** Three attempts, with waits of 0.5 s at first and 8 s at last; a retry for every fifth call, and ten a second. */
export const DEFAULT_RETRY: RetryOptions = {
  maxAttempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 8_000,
  budgetRatio: 0.2,
  budgetMinimum: 10,
};
