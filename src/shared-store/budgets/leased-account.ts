import { larger } from '../../core/bigint.ts';
import type { Clock } from '../../core/clock.ts';
import type { BudgetAccount } from '../../money/budget/account.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import type { AccountReport, GrantedAnswer } from './account-report.ts';
import { Lease } from './lease.ts';
import { microDown } from './micro-dollars.ts';
import { Want } from './want.ts';

/** What an account needs of those that look after it. */
export interface AccountKeeper {
  readonly options: Pick<SharedStoreOptions, 'leaseMs' | 'onOutage'>;
  readonly clock: Clock;
  /** By which periods end. */
  readonly dated: Pick<Clock, 'now'>;
  /** The server has been away for so long that nobody shall wait for it. */
  readonly isAway: boolean;
  /** Sees to the account until it rests. */
  watch(account: LeasedAccount): void;
  /** Reports it as soon as may be. */
  request(account: LeasedAccount): void;
}

export interface AccountPlace {
  /** In the server. */
  readonly key: string;
  /** What its budget counts: see `countedBy`. */
  readonly counted: string;
  /** Epoch ms at which its period ends; Infinity for a total. */
  readonly resetsAt: number;
  /** Pico-dollars. */
  readonly limit: bigint;
}

/** A report that is on its way. */
export interface PendingReport extends AccountReport {
  /** What calls wanted when it was made, in pico-dollars. */
  readonly asked: bigint;
}

/** How long the server keeps an account after its period, in ms: late reports must not begin it anew. */
const GRACE_MS = 86_400_000;

const AWAY = 'The store of shared budgets is away, and no more is leased to this sidecar.';
const TAKEN =
  'Another process uses the name of this sidecar in the store of shared budgets, and has its leases.';
const DRY =
  'The store of shared budgets has lost its data, and leases no more until all sidecars have told it what they spent.';

/**
 * This sidecar's part of an account that several share. It spends from its lease in memory; the keeper
 * reports it to the server in the background, from time to time and when more is wanted.
 */
export class LeasedAccount implements BudgetAccount {
  readonly shared = true;
  #place: AccountPlace;
  #own: BudgetAccount;
  readonly #keeper: AccountKeeper;
  readonly #lease: Lease;
  #onChange: () => void;
  readonly #want: Want;
  #isTaken = false;
  #isReleased = false;
  /** The lease was valid when that was looked at last. */
  #wasValid = false;
  /** The server has lost its data, and grants nothing for as long as a lease. */
  #isDry = false;

  /** @param own what was spent and is reserved here, exactly */
  constructor(
    place: AccountPlace,
    own: BudgetAccount,
    keeper: AccountKeeper,
    onChange: () => void,
  ) {
    this.#place = place;
    this.#own = own;
    this.#keeper = keeper;
    this.#lease = new Lease(own, keeper.options.leaseMs, keeper.clock);
    this.#want = new Want(keeper.clock, () => keeper.request(this));
    this.#onChange = onChange;
  }

  get key(): string {
    return this.#place.key;
  }

  get counted(): string {
    return this.#place.counted;
  }

  get spent(): bigint {
    return this.#own.spent + this.#lease.spentByOthers;
  }

  get reserved(): bigint {
    return this.#own.reserved + this.#lease.heldByOthers;
  }

  get available(): bigint {
    const leased = this.#isUsable ? this.#lease.left : 0n;
    const most = this.#mayExceed ? larger(leased, this.#unclaimed) : leased;
    return larger(most, 0n);
  }

  get pending(): boolean {
    if (this.#want.amount > 0n && !this.#isDry) return true;
    return this.#own.reserved > 0n && (this.#isUsable || this.#mayExceed);
  }

  get storeAway(): string | undefined {
    if (!this.#isCutOff) return undefined;
    if (this.#isTaken) return TAKEN;
    return this.#keeper.isAway ? AWAY : DRY;
  }

  reserve(amount: bigint): void {
    this.#own.reserve(amount);
    this.#lease.grew();
    this.#keeper.watch(this);
    if (this.#lease.runsLow && !this.#hasNobody) this.#keeper.request(this);
  }

  settle(reserved: bigint, spent: bigint): void {
    this.#own.settle(reserved, spent);
    this.#lease.booked(spent);
    this.#keeper.watch(this);
  }

  want(amount: bigint): void {
    if (this.#hasNobody || this.#want.isVain) return;
    const { available } = this;
    this.#keeper.watch(this);
    // Whoever wants has less, so a part of what there is is spoken for.
    this.#want.raise(amount > available ? amount : available + amount);
  }

  resize(limit: bigint): void {
    this.#place = { ...this.#place, limit };
    this.#own.resize(limit);
    this.#keeper.request(this);
  }

  release(): void {
    this.#isReleased = true;
    this.#want.drop();
    this.#keeper.watch(this);
    this.#keeper.request(this);
  }

  /** Opens it again. */
  revive(onChange: () => void): void {
    this.#isReleased = false;
    this.#onChange = onChange;
  }

  /** Its budget was another one, or gone for a while. It keeps its lease. @param own as in the constructor */
  count(place: AccountPlace, own: BudgetAccount): void {
    this.#place = place;
    this.#own = own;
    this.#lease.count(own);
  }

  /** It was released, and nothing would be lost if it were forgotten. */
  get isDone(): boolean {
    if (!this.#isReleased) return false;
    return this.#lease.isSettled || this.#keeper.dated.now() >= this.#place.resetsAt;
  }

  /** To be called when it is forgotten. */
  end(): void {
    this.#want.drop();
    this.#own.release();
  }

  /** Nothing happens to it for now. */
  get rests(): boolean {
    return this.#lease.isSettled && this.#own.reserved === 0n && this.#want.amount === 0n;
  }

  get isDue(): boolean {
    return this.#want.amount > 0n || this.#isReleased || this.#lease.isDue;
  }

  /**
   * What the server is to be told.
   *
   * @param sequence higher than ever before
   * @param closing it is the last time
   */
  report(sequence: number, closing: boolean): PendingReport {
    const isLast = closing || this.#isReleased;
    const asked = isLast ? 0n : this.#want.amount;
    const { key, limit, resetsAt } = this.#place;
    return {
      key,
      limit: microDown(limit),
      expiresAt: Number.isFinite(resetsAt) ? resetsAt + GRACE_MS : 0,
      sequence,
      ...this.#lease.report(asked, isLast),
      claiming: this.#isTaken,
      closing,
      asked,
    };
  }

  /** @param report the last one, to which it is the answer */
  granted(report: PendingReport, answer: GrantedAnswer): void {
    const isNews = this.#isTaken || this.#isDry !== answer.waiting || this.#want.amount > 0n;
    const hasChanged = this.#lease.take(report, answer) || isNews;
    this.#isTaken = false;
    this.#isDry = answer.waiting;
    this.#wasValid = true;
    const isMet = report.asked === 0n || this.#lease.left >= report.asked;
    this.#want.answered(isMet, answer.waiting || answer.held > 0n || answer.free > 0n);
    // Who still waits wants anew.
    if (hasChanged) this.#onChange();
    if (this.#lease.isWanted) this.#keeper.request(this);
  }

  /** Another process has the name of this one. */
  taken(): void {
    const isNew = !this.#isTaken;
    this.#isTaken = true;
    if (isNew) this.changed();
  }

  /** The server was lost or found, or the lease has run out. */
  changed(): void {
    if (this.#hasNobody) this.#want.drop();
    this.#onChange();
  }

  /** Tells of it if the lease has run out. */
  checkLease(): void {
    const wasValid = this.#wasValid;
    this.#wasValid = this.#lease.isValid;
    if (wasValid && !this.#wasValid) this.changed();
  }

  /** There is nobody to ask. */
  get #hasNobody(): boolean {
    return this.#isTaken || this.#keeper.isAway;
  }

  /** Nor is it of any use to wait for what is asked: it only shows when that changes. */
  get #isCutOff(): boolean {
    return this.#hasNobody || this.#isDry;
  }

  get #isUsable(): boolean {
    return this.#lease.isValid && !this.#isTaken;
  }

  get #mayExceed(): boolean {
    return this.#isCutOff && this.#keeper.options.onOutage === 'allow';
  }

  /** Of the limit, as far as it is known here. */
  get #unclaimed(): bigint {
    return this.#place.limit - this.spent - this.reserved;
  }
}
