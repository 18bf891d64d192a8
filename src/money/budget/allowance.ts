import { smaller } from '../../core/bigint.ts';
import type { BudgetState } from '../../core/budget-state.ts';
import type { BudgetAccount } from './account.ts';
import type { Budget } from './budget.ts';
import type { BudgetDefinition } from './options.ts';
import type { WaitingClaim } from './waiting-claim.ts';
import { WaitingQueue } from './waiting-queue.ts';

/** What one subject may spend under a budget, from period to period. Amounts are pico-dollars. */
export class Allowance {
  readonly budget: Budget;
  readonly subject: string;
  /** Claims for which it has too little. */
  readonly waiting = new WaitingQueue<WaitingClaim>();
  /** Claims and reservations that refer to it. */
  #users = 0;
  #account: BudgetAccount;
  /** Reserved through here. */
  #held = 0n;
  /** The part of it for which a new period's account, or a lease, has no room yet. */
  #uncovered = 0n;
  /** How many of the budget's alerts were raised in this period. */
  #alerts: number;

  constructor(budget: Budget, subject: string) {
    this.budget = budget;
    this.subject = subject;
    this.#account = budget.open(this);
    this.#alerts = this.#passed();
  }

  get spent(): bigint {
    return this.#account.spent;
  }

  get reserved(): bigint {
    return this.#account.reserved + this.#uncovered;
  }

  /** What may be reserved now. */
  get available(): bigint {
    const free = this.#account.available - this.#uncovered;
    return free > 0n ? free : 0n;
  }

  /** What could be reserved at best, if nothing more is spent. */
  get reach(): bigint {
    if (!this.#account.pending && this.#uncovered === 0n) return this.available;
    const left = this.budget.definition.limit - this.#account.spent;
    return left > 0n ? left : 0n;
  }

  get inUse(): boolean {
    return this.#users > 0;
  }

  /** Nothing would be lost if it were forgotten. */
  get isBlank(): boolean {
    return this.#users === 0 && this.#account.spent === 0n;
  }

  use(): void {
    this.#users += 1;
  }

  unuse(): void {
    this.#users -= 1;
  }

  want(amount: bigint): void {
    this.#account.want(amount);
  }

  /** Takes `amount`, at most `available`. */
  reserve(amount: bigint): void {
    this.#account.reserve(amount);
    this.#held += amount;
  }

  /** Takes `amount`, whether there is so much or not: it may have been spent already. */
  hold(amount: bigint): void {
    const covered = smaller(amount, this.available);
    this.#account.reserve(covered);
    this.#uncovered += amount - covered;
    this.#held += amount;
    this.#wantRest();
  }

  /** The account has more: a lease that came covers what is held without one. */
  cover(): void {
    const covered = smaller(this.#uncovered, this.#account.available);
    this.#account.reserve(covered);
    this.#uncovered -= covered;
    this.#wantRest();
  }

  /** Gives a reservation back, and books what was spent. */
  settle(reserved: bigint, spent: bigint): void {
    const uncovered = this.#uncovered < reserved ? this.#uncovered : reserved;
    this.#uncovered -= uncovered;
    this.#held -= reserved;
    this.#account.settle(reserved - uncovered, spent);
  }

  /**
   * Goes over to the account of the budget's new period, and takes along what is reserved: what runs
   * across midnight is booked when it ends, and must find its money there.
   */
  renew(): void {
    const old = this.#account;
    old.settle(this.#held - this.#uncovered, 0n);
    old.release();
    this.#account = this.budget.open(this);
    const missing = this.#held - this.#account.available;
    this.#uncovered = missing > 0n ? missing : 0n;
    this.#account.reserve(this.#held - this.#uncovered);
    this.#wantRest();
    this.#alerts = this.#passed();
  }

  release(): void {
    this.#account.release();
  }

  /** Its budget has another limit, or other alerts. @param before as it was defined */
  configured(before: BudgetDefinition): void {
    const raised = before.alertThresholds.slice(0, this.#alerts);
    const { alertThresholds, limit } = this.budget.definition;
    const firstNew = alertThresholds.findIndex((threshold) => !raised.includes(threshold));
    this.#alerts = Math.min(firstNew < 0 ? alertThresholds.length : firstNew, this.#passed());
    this.#account.resize(limit);
  }

  /** Thresholds that were reached since it was last asked, as shares of the limit. */
  newAlerts(): readonly number[] {
    const { alertAmounts, definition } = this.budget;
    const next = alertAmounts[this.#alerts];
    if (next === undefined || this.spent < next) return [];
    const before = this.#alerts;
    this.#alerts = this.#passed();
    return definition.alertThresholds.slice(before, this.#alerts);
  }

  get state(): BudgetState {
    const { definition, period } = this.budget;
    const { startsAt, resetsAt } = period;
    const { storeAway } = this.#account;
    return {
      name: definition.name,
      scope: definition.scope,
      subject: this.subject,
      period: definition.period,
      limit: definition.limit,
      spent: this.spent,
      reserved: this.reserved,
      ...(definition.period === 'total' ? {} : { startsAt, resetsAt }),
      alertThresholds: definition.alertThresholds,
      alertsRaised: definition.alertThresholds.slice(0, this.#alerts),
      shared: this.#account.shared,
      ...(storeAway === undefined ? {} : { storeAway }),
    };
  }

  #wantRest(): void {
    if (this.#uncovered > 0n) this.#account.want(this.#uncovered);
  }

  #passed(): number {
    const above = this.budget.alertAmounts.findIndex((amount) => this.spent < amount);
    return above < 0 ? this.budget.alertAmounts.length : above;
  }
}
