/** What one target is sent at most. Limits that are not set are learned from the upstream. */
export interface RateLimitOptions {
  readonly enabled: boolean;
  readonly requestsPerMinute?: number;
  /** Of input and expected output together. */
  readonly tokensPerMinute?: number;
  readonly requestsPerDay?: number;
  /** Attempts that may run at once, however well the upstream does. */
  readonly maxConcurrent: number;
  /** Attempts that may wait; one more is refused. */
  readonly maxQueued: number;
  /**
   * Longest time for which nothing is sent because the upstream asked for it, in ms. Of a longer one, one attempt at
   * a time sees whether it was meant, at least this often.
   */
  readonly maxHoldMs: number;
}

/** What the upstream grants is learned from its answers. At most 1,000 attempts run at once, and as many wait. */
export const DEFAULT_RATE_LIMIT: RateLimitOptions = {
  enabled: true,
  maxConcurrent: 1_000,
  maxQueued: 1_000,
  maxHoldMs: 120_000,
};
