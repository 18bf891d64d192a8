/** Time over which a budget's limit counts. Days and months begin at midnight UTC. */
export type BudgetPeriod = 'day' | 'month' | 'total';

/** Whose calls a budget counts together. */
export type BudgetScope = 'all' | 'user' | 'project' | 'model';

/** A budget as it stands. Amounts are pico-dollars. See tamma.provider.v1.Budget. */
export interface BudgetState {
  readonly name: string;
  readonly scope: BudgetScope;
  /** The user, project or model; empty for all calls and for calls that name none. */
  readonly subject: string;
  readonly period: BudgetPeriod;
  readonly limit: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
  /** Epoch ms; absent for a total. */
  readonly startsAt?: number;
  /** Epoch ms; absent for a total. */
  readonly resetsAt?: number;
  readonly alertThresholds: readonly number[];
  readonly alertsRaised: readonly number[];
  /** Several sidecars share it. */
  readonly shared: boolean;
  /** Why the store through which they do leases nothing to this one, a sentence: more is left, perhaps, than it can have. */
  readonly storeAway?: string;
}
