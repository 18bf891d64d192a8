/** When a target is given time to recover. */
export interface BreakerOptions {
  readonly enabled: boolean;
  /** Share of attempts whose failure opens the circuit, above 0, at most 1. */
  readonly failureShare: number;
  /** Attempts within the window below which it stays closed, 1 or more. */
  readonly minimumAttempts: number;
  /** Over which attempts are counted, in ms. */
  readonly windowMs: number;
  /**
   * From a first opening to the next probe, in ms; up to twice as long, by chance. Each probe
   * that fails doubles it.
   */
  readonly firstOpenForMs: number;
  /** Longest time from an opening to the next probe, in ms. */
  readonly openForMs: number;
  /** Longest wait of a call for open circuits that leave it nowhere to go, in ms; 0: none. */
  readonly maxWaitMs: number;
}

/**
 * Fewer attempts than ten mistake chance for an outage: with every tenth attempt failing at random,
 * half of the first five or more do so in 1.5 of 100 windows, half of the first ten or more in 0.1.
 */
export const DEFAULT_BREAKER: BreakerOptions = {
  enabled: true,
  failureShare: 0.5,
  minimumAttempts: 10,
  windowMs: 30_000,
  firstOpenForMs: 1_000,
  openForMs: 10_000,
  maxWaitMs: 5_000,
};
