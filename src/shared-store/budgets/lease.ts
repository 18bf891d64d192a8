import { larger, smaller } from '../../core/bigint.ts';
import type { Clock } from '../../core/clock.ts';
import type { BudgetAccount } from '../../money/budget/account.ts';
import { Demand } from '../rates/demand.ts';
import type { AccountReport, GrantedAnswer } from './account-report.ts';
import { microUp, toPico } from './micro-dollars.ts';

/**
 * Share of a lease's life in which it is spent from, counted from before the server was asked: clocks
 * of machines do not run equally fast.
 */
const SAFE_SHARE = 0.9;

/** Share of a lease's life after which it is renewed. */
const RENEWAL_SHARE = 1 / 3;

/** Money that has not been wanted lately is given back early if it is more than one part of so many. */
const SURPLUS_PARTS = 4n;

/** The least time between reports that only refill the lease, in ms. */
const REFILL_MS = 50;

/** `#reported` while it is not certain what the server knows. */
const UNCERTAIN = -1n;

/** What a lease says of itself in a report. */
type LeaseReport = Pick<AccountReport, 'known' | 'base' | 'spent' | 'keep' | 'need' | 'wish'>;

/**
 * What the server lets this sidecar spend of one account, and what it said of the others. Amounts are
 * micro-dollars inside, as the server's, and pico-dollars outside.
 */
export class Lease {
  /** What was spent and is reserved here, exactly. */
  #own: Pick<BudgetAccount, 'spent' | 'reserved'>;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #demand: Demand;
  /** Spent under this sidecar's name before it began to count. */
  #base = 0n;
  /** What it may spend in this period in all, `#base` included. */
  #granted = 0n;
  /** Spent by others. */
  #booked = 0n;
  /** Leased by others. */
  #held = 0n;
  #fair = 0n;
  #isScarce = false;
  /** Spent, as the server knows it. */
  #reported = 0n;
  /** The server has an entry. */
  #isKnown = false;
  /** Epoch ms at which the server was asked last, and at which it was asked what it answered last. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(own: Pick<BudgetAccount, 'spent' | 'reserved'>, leaseMs: number, clock: Clock) {
    this.#own = own;
    this.#leaseMs = leaseMs;
    this.#clock = clock;
    this.#demand = new Demand(clock.now());
  }

  /** @param own what was spent and is reserved here, as it is counted from now on */
  count(own: Pick<BudgetAccount, 'spent' | 'reserved'>): void {
    this.#own = own;
  }

  get spentByOthers(): bigint {
    return toPico(this.#base + this.#booked);
  }

  get heldByOthers(): bigint {
    return toPico(this.#held);
  }

  /** What may still be reserved. Below 0: more was spent than was leased. */
  get left(): bigint {
    return toPico(this.#granted - this.#base) - this.#own.spent - this.#own.reserved;
  }

  /** The server was heard of recently enough. */
  get isValid(): boolean {
    return this.#clock.now() < this.#renewedAt + SAFE_SHARE * this.#leaseMs;
  }

  /** Somebody else needs what can be spared here. */
  get isWanted(): boolean {
    return this.#isScarce && this.#holding > this.#used;
  }

  /** The server knows all that there is to know. */
  get isSettled(): boolean {
    return this.#reported === this.#spent && this.#holding <= this.#spent;
  }

  /** It is time for a report, though nobody waits for its answer. */
  get isDue(): boolean {
    if (this.#reported !== this.#spent) return true;
    const unspent = this.#holding - this.#spent;
    if (unspent <= 0n) return false;
    const age = this.#clock.now() - this.#askedAt;
    const spare = this.#holding - this.#kept;
    return age >= RENEWAL_SHARE * this.#leaseMs || spare * SURPLUS_PARTS > unspent;
  }

  /** Less is left than is likely to be needed soon. */
  get runsLow(): boolean {
    if (this.#clock.now() < this.#askedAt + REFILL_MS) return false;
    return 2n * this.left < this.#demanded;
  }

  /** Something was reserved. */
  grew(): void {
    this.#grewTo(this.#own.reserved);
  }

  /** So much was spent. */
  booked(picoDollars: bigint): void {
    this.#demand.spent(picoDollars);
  }

  /**
   * What the server is to be told. What is offered back is given up here and now: the answer may be
   * lost.
   *
   * @param need what calls want to reserve beyond what is reserved
   * @param isLast nothing more will be reserved
   */
  report(need: bigint, isLast: boolean): LeaseReport {
    if (need > 0n) this.#grewTo(this.#own.reserved + need);
    const known = this.#isKnown;
    const spent = this.#spent;
    const keep = smaller(this.#holding, isLast ? this.#used : this.#kept);
    this.#granted = this.#base + keep;
    // The server removes an entry with nothing in it, and its answer may be lost.
    this.#isKnown &&= this.#granted > 0n;
    this.#reported = UNCERTAIN;
    this.#askedAt = this.#clock.now();
    const needed = microUp(this.#own.spent + this.#own.reserved + need);
    return {
      known,
      base: this.#base,
      spent,
      keep,
      need: need > 0n ? larger(keep, needed) : keep,
      wish: isLast ? keep : spent + this.#expected,
    };
  }

  /**
   * @param report to which it is the answer
   * @returns whether it changed anything
   */
  take(report: LeaseReport, answer: GrantedAnswer): boolean {
    const changed =
      answer.granted !== this.#granted ||
      answer.booked !== this.#booked ||
      answer.held !== this.#held ||
      !this.isValid;
    this.#base = answer.base;
    this.#granted = answer.granted;
    this.#booked = answer.booked;
    this.#held = answer.held;
    this.#fair = answer.fair;
    this.#isScarce = answer.scarce;
    this.#isKnown = answer.granted > 0n;
    this.#reported = report.spent;
    this.#renewedAt = this.#askedAt;
    return changed;
  }

  get #spent(): bigint {
    return microUp(this.#own.spent);
  }

  get #used(): bigint {
    return microUp(this.#own.spent + this.#own.reserved);
  }

  /** What was spent, and the lease. */
  get #holding(): bigint {
    return this.#granted - this.#base;
  }

  /** What of it is worth keeping. */
  get #kept(): bigint {
    if (this.#isScarce) return this.#used;
    return larger(this.#used, this.#spent + smaller(this.#expected, this.#fair));
  }

  /** The lease that would suffice. */
  get #expected(): bigint {
    return microUp(this.#demanded);
  }

  get #demanded(): bigint {
    return this.#demand.expected(this.#leaseMs, this.#clock.now());
  }

  #grewTo(total: bigint): void {
    this.#demand.reserved(total, this.#clock.now());
  }
}
