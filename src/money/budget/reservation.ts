/** Money that is held for one attempt, in pico-dollars. */
export interface Reservation {
  /** At most what was wished, at least the least. */
  readonly granted: bigint;
  /** To be called exactly once, when the attempt is over: books what it cost and frees the rest. */
  settle(spent: bigint): void;
}
