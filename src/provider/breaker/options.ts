/** When a target is given time to recover. */
export interface BreakerOptions {
  readonly enabled: boolean;
  /** Share of attempts whose failure opens the circuit, above 0, at most 1. */
  readonly failureShare: number;
  /** Attempts within the window below which it stays closed, 1 or more. */
  readonly minimumAttempts: number;
  /** Over which attempts are counted, in ms. */
  readonly windowMs: number;
  /** From the opening to the next probe, in ms. */
  readonly openForMs: number;
}

export const DEFAULT_BREAKER: BreakerOptions = {
  enabled: true,
  failureShare: 0.5,
  minimumAttempts: 5,
  windowMs: 30_000,
  openForMs: 10_000,
};
