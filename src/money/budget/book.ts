import { Alarm } from '../../core/alarm.ts';
import type { BudgetState } from '../../core/budget-state.ts';
import type { Clock } from '../../core/clock.ts';
import type { ProviderError } from '../../core/errors.ts';
import { endReason } from '../../core/signal.ts';
import type { Spender } from '../../core/spender.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { BudgetAccounts } from './account.ts';
import { type AlertDeps, raiseAlert } from './alert.ts';
import type { Allowance } from './allowance.ts';
import { Bookings } from './bookings.ts';
import { Budgets } from './budgets.ts';
import { holdOf, leave, leaveQueues, reclaim } from './change.ts';
import { type Claim, decide, type Wish } from './claim.ts';
import { observeBudgets } from './gauges.ts';
import type { BudgetDefinition, BudgetOptions } from './options.ts';
import { budgetExceeded, waitedInVain } from './refusal.ts';
import type { Reservation } from './reservation.ts';
import { Reservations } from './reservations.ts';
import type { BudgetQuery } from './states.ts';
import { budgetStates } from './states.ts';
import { WaitingClaim } from './waiting-claim.ts';

export interface BudgetBookDeps extends AlertDeps {
  readonly clock: Clock;
  readonly instruments: Pick<
    Instruments,
    'budgetAlerts' | 'budgetLimit' | 'budgetSpent' | 'budgetReserved'
  >;
}

/** What a spender needs, in pico-dollars. */
interface Need {
  readonly spender: Spender;
  readonly amount: bigint;
}

/** Others hold, or wait for, what was needed. */
export interface Lack {
  /** Resolves once anybody has given money back, or a lease has come. */
  readonly change: Promise<void>;
  /** To be called once, after the next look or instead of one: until then what was asked of a shared store is kept. */
  readonly leave: () => void;
}

/** `tryReserve` leaves three times as much to others as it takes. */
const PLENTY = 4n;

/**
 * What calls may spend. Every attempt reserves the most that it can cost before it is made, from all
 * budgets that apply to it or from none, and settles what it did cost afterwards; so what is spent and
 * reserved together never exceeds a limit. Nothing here waits between looking and taking.
 */
export class BudgetBook {
  readonly bookings = new Bookings();
  readonly #deps: BudgetBookDeps;
  readonly #accounts: BudgetAccounts;
  readonly #budgets: Budgets;
  readonly #reservations: Reservations;
  readonly #endGauges: () => void;
  #waiters = 0;
  #changes = 0;
  /** Those that look again once something has changed. */
  readonly #lookers = new Set<() => void>();
  /** Runs while somebody waits. */
  readonly #resetAlarm: Alarm;

  constructor(options: BudgetOptions, accounts: BudgetAccounts, deps: BudgetBookDeps) {
    this.#deps = deps;
    this.#accounts = accounts;
    this.#budgets = new Budgets(options.budgets, {
      accounts,
      clock: deps.clock,
      onChange: (allowance) => this.#changed(allowance),
      onReset: () => this.#serveAll(),
    });
    this.#reservations = new Reservations({
      budgets: this.#budgets,
      refuse: (claim, by) => this.#refuse(claim, by),
      onChange: (allowances) => {
        for (const allowance of allowances) this.#serve(allowance);
        for (const allowance of allowances) this.#raiseAlerts(allowance);
      },
    });
    this.#resetAlarm = new Alarm(deps.clock, () => {
      this.#budgets.current();
      this.#watchReset();
    });
    this.#endGauges = observeBudgets(deps.instruments, () => this.#budgets.current());
  }

  /**
   * Other budgets from now on, with what was spent and is reserved: of those that count the same as
   * before it stays, the others learn it from the ledger and from those that run. Who waits is seen to.
   * Where batches are booked, to be called in `bookings.change`.
   *
   * @throws what the ledger throws if it cannot be read; then the budgets stay as they are
   */
  configure(definitions: readonly BudgetDefinition[]): void {
    const before = this.#budgets.current();
    const change = this.#budgets.prepare(definitions);
    this.#changes += 1;
    const waiters = before.flatMap(({ allowances }) => leaveQueues(allowances));
    // First, for what is new may count in the same accounts: a shared store knows them by the budget's name.
    for (const { claim, left } of this.#reservations) leave(change.gone, claim, left);
    for (const { claim } of waiters) leave(change.gone, claim);
    for (const budget of change.gone) budget.retire();
    const next = this.#budgets.become(change);
    for (const held of this.#reservations) holdOf(next.added, held);
    for (const { claim } of waiters) reclaim(claim, next.all);
    for (const waiter of waiters.toSorted((a, b) => a.order - b.order)) this.#decide(waiter);
    for (const { allowances } of next.all) {
      for (const allowance of allowances) this.#raiseAlerts(allowance);
    }
    this.#watchReset();
  }

  /** How often there came other budgets. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether any budget counts what the spender spends. */
  appliesTo(spender: Spender): boolean {
    return this.#budgets.appliesTo(spender);
  }

  /** Reserves `amount` if there is so much of it that nobody will miss it. */
  tryReserve(spender: Spender, amount: bigint): Reservation | undefined {
    const claim = this.#budgets.claim(spender, { most: amount, least: amount, explicit: true });
    const isPlenty = claim.allowances.every(
      ({ available, waiting }) => available >= PLENTY * amount && waiting.first === undefined,
    );
    if (isPlenty) return this.#grant(claim, amount);
    this.#budgets.drop(claim);
    return undefined;
  }

  /**
   * Reserves as much of `wish` as `decide` grants, at once or, while others hold what is missing, as
   * soon as they have settled.
   *
   * @param limits `signal` ends the wait with its reason; `maxWaitMs` with BUDGET_EXCEEDED
   * @param onOwnWait called before a wait for a budget of this user, which others need not have
   * @throws (or rejects with) ProviderError BUDGET_EXCEEDED if a budget cannot cover `wish.least`.
   */
  reserve(
    spender: Spender,
    wish: Wish,
    limits: { readonly signal: AbortSignal; readonly maxWaitMs?: number },
    onOwnWait?: () => void,
  ): Reservation | Promise<Reservation> {
    const claim = this.#budgets.claim(spender, wish);
    const decision = decide(claim);
    switch (decision.kind) {
      case 'grant':
        return this.#grant(claim, decision.amount);
      case 'refuse':
        throw this.#refuse(claim, decision.by);
      case 'wait':
        if (decision.at.budget.isPersonal) onOwnWait?.();
        return this.#wait(claim, decision.at, limits);
    }
  }

  /**
   * Reserves what several need, for each all of it or nothing, at once: refuses whom a budget cannot cover beside
   * those before, even if what others hold is given back. Reserves nothing while others hold what one of them lacks,
   * or wait for it, or its store is away: to wait with a part of it might be to wait for who waits for that.
   */
  reserveEach(needs: readonly Need[]): ReadonlyMap<Need, Reservation | ProviderError> | Lack {
    const found = new Map<Need, Reservation | ProviderError>();
    const claims = new Map<Need, Claim>();
    const wanted = new Map<Allowance, bigint>();
    for (const need of needs) {
      const { spender, amount } = need;
      const claim = this.#budgets.claim(spender, { most: amount, least: amount, explicit: true });
      const totals = claim.allowances.map(
        (allowance) => [allowance, (wanted.get(allowance) ?? 0n) + amount] as const,
      );
      for (const [allowance, total] of totals) {
        if (allowance.available < total) allowance.want(total);
      }
      const [lacking] = totals.find(([{ reach }, total]) => reach < total) ?? [];
      // What a store that is away would lease nobody knows.
      if (lacking !== undefined && lacking.state.storeAway === undefined) {
        found.set(need, this.#refuse(claim, lacking));
        continue;
      }
      claims.set(need, claim);
      for (const [allowance, total] of totals) wanted.set(allowance, total);
    }
    const isThere = [...wanted].every(
      ([{ available, waiting }, total]) => available >= total && waiting.first === undefined,
    );
    if (!isThere) return this.#lack([...claims.values()]);
    for (const [need, claim] of claims) found.set(need, this.#grant(claim, need.amount));
    return found;
  }

  /**
   * Reserves `amount`, whether there is so much of it or not: for what was reserved by a process that
   * died, and may have been spent since.
   */
  hold(spender: Spender, amount: bigint): Reservation {
    const claim = this.#budgets.claim(spender, { most: amount, least: amount, explicit: true });
    for (const allowance of claim.allowances) allowance.hold(amount);
    return this.#reservations.open(claim, amount);
  }

  /** Books what was spent without a reservation. */
  charge(spender: Spender, spent: bigint): void {
    this.hold(spender, 0n).settle(spent);
  }

  /** The budgets as they stand, in the order of the configuration, then by subject. */
  states(query: BudgetQuery): readonly BudgetState[] {
    return budgetStates(this.#budgets.current(), query);
  }

  /** Gives leases back. Attempts that still run can settle. */
  async close(): Promise<void> {
    this.#endGauges();
    this.#resetAlarm.cancel();
    await this.#accounts.close();
  }

  #lack(claims: readonly Claim[]): Lack {
    const { promise: change, resolve } = Promise.withResolvers<void>();
    this.#lookers.add(resolve);
    const leave = () => {
      this.#lookers.delete(resolve);
      for (const claim of claims) this.#budgets.drop(claim);
    };
    return { change, leave };
  }

  #grant(claim: Claim, granted: bigint): Reservation {
    const { most } = claim.wish;
    const isShort =
      granted < most &&
      claim.allowances.some(({ available, budget }) => available < most && budget.isPersonal);
    for (const allowance of claim.allowances) allowance.reserve(granted);
    return this.#reservations.open(claim, granted, isShort);
  }

  #refuse(claim: Claim, by: Allowance): ProviderError {
    const { state } = by;
    this.#budgets.drop(claim);
    return budgetExceeded(state, claim.wish.least, claim.spender.model, this.#deps.clock.now());
  }

  #wait(
    claim: Claim,
    at: Allowance,
    { signal, maxWaitMs }: { readonly signal: AbortSignal; readonly maxWaitMs?: number },
  ): Promise<Reservation> {
    if (signal.aborted) {
      this.#budgets.drop(claim);
      throw endReason(signal);
    }
    const { clock } = this.#deps;
    const { wish, spender } = claim;
    const error = ({ state }: Allowance) => waitedInVain(state, wish.least, spender.model);
    const time = maxWaitMs === undefined ? {} : { time: { clock, maxMs: maxWaitMs, error } };
    const waiter = new WaitingClaim(claim, at, { signal, ...time }, (left) => {
      this.#waiters -= 1;
      this.#budgets.drop(claim);
      this.#serve(left);
    });
    this.#waiters += 1;
    this.#watchReset();
    return waiter.reservation;
  }

  /** Lets go ahead who waits for this allowance, up to the first for whom it still has too little. */
  #serve({ waiting }: Allowance): void {
    for (const look of this.#lookers) look();
    for (let first = waiting.first; first !== undefined; first = waiting.first) {
      first.leave();
      if (this.#decide(first)?.waiting === waiting) break;
    }
    this.#watchReset();
  }

  /** What becomes of somebody who waits nowhere just now. Returns where it waits on. */
  #decide(waiter: WaitingClaim): Allowance | undefined {
    const decision = decide(waiter.claim);
    if (decision.kind === 'wait') {
      waiter.waitAt(decision.at);
      return decision.at;
    }
    this.#waiters -= 1;
    if (decision.kind === 'grant') waiter.grant(this.#grant(waiter.claim, decision.amount));
    else waiter.refuse(this.#refuse(waiter.claim, decision.by));
    return undefined;
  }

  #serveAll(): void {
    for (const budget of this.#budgets.current()) {
      for (const allowance of budget.allowances) this.#serve(allowance);
    }
  }

  /** Sees to it that who waits is served when a period begins, though nobody calls or settles. */
  #watchReset(): void {
    if (this.#waiters > 0) this.#resetAlarm.at(this.#budgets.resetsAt);
    else this.#resetAlarm.cancel();
  }

  #changed(allowance: Allowance): void {
    this.#budgets.current();
    allowance.cover();
    this.#raiseAlerts(allowance);
    this.#serve(allowance);
  }

  #raiseAlerts(allowance: Allowance): void {
    for (const threshold of allowance.newAlerts()) {
      raiseAlert({ threshold, budget: allowance.state }, this.#deps);
    }
  }
}
