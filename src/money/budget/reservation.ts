import type { Spender } from '../../core/spender.ts';

/** Money that is held for one attempt, in pico-dollars. */
export interface Reservation {
  /** At most what was wished, at least the least. */
  readonly granted: bigint;
  /** It is less than was wished because of a budget of this user: others may have more. */
  readonly isShort: boolean;
  /** To be called exactly once, when the attempt is over: books what it cost and frees the rest. */
  settle(spent: bigint): void;
  /** Before that, for a part whose attempts are over: books what they cost and frees their share. */
  settlePart(share: bigint, spent: bigint): void;
  /**
   * Before that: what is held is held of another spender's budgets from now on, and booked there.
   *
   * @throws ProviderError BUDGET_EXCEEDED if they have no room for it; then nothing has changed
   */
  moveTo(spender: Spender): void;
}
