import type { BudgetDefinition } from './options.ts';

/** Which money an account holds. */
export interface BudgetAccountKey {
  /** Name of the budget. */
  readonly budget: string;
  /** The user, project or model; empty for all calls. */
  readonly subject: string;
  /** Epoch ms at which the period began; 0 for a total. */
  readonly startsAt: number;
}

/**
 * The money of one budget, subject and period, as this process sees it: the whole of it, or its lease
 * of what several sidecars share. In memory, without waiting for anything. Amounts are pico-dollars.
 */
export interface BudgetAccount {
  /** Booked as spent, by whomever, as far as it is known here. */
  readonly spent: bigint;
  /** Held for attempts that run here, and what other sidecars hold. */
  readonly reserved: bigint;
  /** What may be reserved here and now. */
  readonly available: bigint;
  /** More may become available in this period: attempts hold money, or a larger lease was asked for. */
  readonly pending: boolean;
  /** Several sidecars share it. */
  readonly shared: boolean;
  /** Why nobody waits for the store through which they do, a sentence. Absent: it is there. */
  readonly storeAway?: string | undefined;
  /** Takes `amount`, at most `available`. */
  reserve(amount: bigint): void;
  /** Gives a reservation back, and books what was spent of it, which is seldom the same. */
  settle(reserved: bigint, spent: bigint): void;
  /** `amount` is wanted and there is less: a shared account asks for a larger lease. */
  want(amount: bigint): void;
  /** The limit is another one from now on, in pico-dollars; what is spent and reserved stays. */
  resize(limit: bigint): void;
  /** Nobody here needs it for now: a lease is given back. Opening the key again knows what was spent. */
  release(): void;
}

export interface BudgetAccounts {
  /** Subjects that are known to have spent in a period. What is not open counts too. */
  subjects(budget: string, startsAt: number): Iterable<string>;
  /**
   * The account of a key, which is opened again only after it was released. `onChange`: by somebody
   * else's doing `available` may have grown, `pending` changed or more been spent.
   */
  open(key: BudgetAccountKey, limit: bigint, onChange: () => void): BudgetAccount;
  /** Other budgets from now on. Accounts that are open stay open. */
  configure(definitions: readonly BudgetDefinition[]): void;
  /** Forgets what is known of budgets that there are no more: one that comes again begins with the ledger. */
  tidy(): void;
  /** Gives leases back. */
  close(): Promise<void>;
}
