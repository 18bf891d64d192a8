import type { Clock, Timer } from '../../core/clock.ts';
import { matchesPattern } from '../../core/name-pattern.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type {
  BudgetAccount,
  BudgetAccountKey,
  BudgetAccounts,
} from '../../money/budget/account.ts';
import { localAccounts } from '../../money/budget/local-accounts.ts';
import { type BudgetDefinition, countedBy } from '../../money/budget/options.ts';
import { periodAt } from '../../money/budget/period.ts';
import type { Ledger } from '../../money/ledger/ledger.ts';
import { Courier } from '../redis/courier.ts';
import { type KeySpace, keySpace, partsOf } from '../redis/keys.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import type { ScriptRunner } from '../redis/script.ts';
import { thisSidecar } from '../redis/sidecar.ts';
import { AccountReporter } from './account-reporter.ts';
import { type AccountKeeper, type AccountPlace, LeasedAccount } from './leased-account.ts';
import { LEASES_SCRIPT } from './script.ts';
import { Silence } from './silence.ts';

export interface RedisAccountsDeps extends Pick<AccountKeeper, 'clock' | 'dated'> {
  readonly log: Pick<ProviderLog, 'warn' | 'error'>;
  readonly definitions: readonly BudgetDefinition[];
  /** What this sidecar has spent. */
  readonly ledger: Pick<Ledger, 'spending'>;
  /** It survives the process and is this process' alone. */
  readonly keepsLedger: boolean;
}

/** How often accounts are looked after, in ms. */
const TICK_MS = 1_000;
const TICKS_PER_LEASE = 5;

/** Accounts at rest that are looked up at each tick, to know what others have spent. */
const LOOKED_UP = 50;

export interface SharedAccounts extends BudgetAccounts {
  /** Why a server that answers leases nothing, one sentence. Absent: it does. */
  readonly problem: string | undefined;
}

/**
 * Accounts that several sidecars share. Each of them spends from leases in memory, and keeps them in the
 * background: one script call at a time, for as many accounts as need it.
 */
export function redisAccounts(
  runner: ScriptRunner,
  options: SharedStoreOptions,
  deps: RedisAccountsDeps,
): SharedAccounts {
  return new RedisAccounts(runner, options, deps);
}

class RedisAccounts implements SharedAccounts, AccountKeeper {
  readonly options: SharedStoreOptions;
  readonly clock: Clock;
  readonly dated: Pick<Clock, 'now'>;
  readonly #runner: ScriptRunner;
  readonly #log: RedisAccountsDeps['log'];
  #definitions: ReadonlyMap<string, BudgetDefinition>;
  readonly #own: BudgetAccounts;
  readonly #keys: KeySpace;
  /** Of this sidecar. */
  readonly #name: string;
  /** Where the server has of which accounts it holds leases. */
  readonly #leases: string;
  /** What a process before it had leased is known, or not to be known. */
  #hasReclaimed: boolean;
  readonly #reporter: AccountReporter;
  readonly #courier = new Courier<LeasedAccount>((batch) => this.#send(batch));
  readonly #accounts = new Map<string, LeasedAccount>();
  /** Of budgets that were gone, or count otherwise: what was spent since they do not know. */
  readonly #outdated = new WeakSet<LeasedAccount>();
  /** Those that have a lease, or something to report. */
  readonly #watched = new Set<LeasedAccount>();
  /** Where the look-ups of those at rest have come to. */
  #round: Iterator<LeasedAccount> | undefined;
  readonly #tick: Timer;
  readonly #silence: Silence;
  /** Epoch ms until which it is known that the server has lost its data. */
  #lostUntil = Number.NEGATIVE_INFINITY;
  /** Epoch ms until which it is known that another process has the name. */
  #takenUntil = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(runner: ScriptRunner, options: SharedStoreOptions, deps: RedisAccountsDeps) {
    const { clock, dated, log, definitions, ledger, keepsLedger } = deps;
    this.options = options;
    this.clock = clock;
    this.dated = dated;
    this.#runner = runner;
    this.#log = log;
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#own = localAccounts(ledger, definitions);
    const sidecar = thisSidecar(options.name, keepsLedger, clock);
    this.#hasReclaimed = !sidecar.recovers;
    this.#keys = keySpace(options.keyPrefix);
    this.#name = sidecar.name;
    this.#leases = this.#keys('leases', sidecar.name);
    this.#reporter = new AccountReporter(runner, {
      sidecar,
      leases: this.#leases,
      leaseMs: options.leaseMs,
      log,
      onAnswer: () => this.#silence.answered(),
      onLost: () => this.#serverLostData(),
      onTaken: () => this.#nameTaken(),
    });
    const tickMs = Math.min(TICK_MS, options.leaseMs / TICKS_PER_LEASE);
    this.#tick = clock.after(tickMs, () => this.#lookAfter(), true);
    this.#silence = new Silence(clock, () => this.#tellAway());
    if (runner.isUp) void this.#reclaim();
    else this.#silence.begin();
    runner.onChange(() => this.#serverChanged());
  }

  get problem(): string | undefined {
    const now = this.clock.now();
    if (now < this.#takenUntil) {
      return `Another process uses the name ${this.#name} of this one, which gets no leases until that ends.`;
    }
    if (now >= this.#lostUntil) return undefined;
    return 'It has lost its data. Budgets lease no more until all sidecars have told it what they spent.';
  }

  subjects(budget: string, startsAt: number): Iterable<string> {
    return this.#own.subjects(budget, startsAt);
  }

  open(key: BudgetAccountKey, limit: bigint, onChange: () => void): BudgetAccount {
    const name = this.#keys('budget', key.budget, key.startsAt, key.subject);
    const known = this.#accounts.get(name);
    if (known !== undefined && this.#outdated.delete(known)) {
      known.count(
        this.#placeOf(name, key, limit),
        this.#own.open(key, limit, () => {}),
      );
    }
    known?.revive(onChange);
    known?.resize(limit);
    const account = known ?? this.#create(name, key, limit, onChange);
    this.request(account);
    return account;
  }

  configure(definitions: readonly BudgetDefinition[]): void {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#own.configure(definitions);
  }

  tidy(): void {
    this.#own.tidy();
    const counted = new Set([...this.#definitions.values()].map(countedBy));
    for (const account of this.#accounts.values()) {
      if (!counted.has(account.counted)) this.#outdated.add(account);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tick.cancel();
    this.#silence.end();
    for (const account of this.#accounts.values()) this.#courier.request(account);
    await this.#courier.idle();
    for (const account of this.#accounts.values()) account.end();
  }

  // As the keeper of accounts:

  get isAway(): boolean {
    return this.#silence.isLong;
  }

  watch(account: LeasedAccount): void {
    this.#watched.add(account);
  }

  request(account: LeasedAccount): void {
    if (!this.#isClosed) this.#courier.request(account);
  }

  #create(name: string, key: BudgetAccountKey, limit: bigint, onChange: () => void): LeasedAccount {
    const own = this.#own.open(key, limit, () => {});
    const account = new LeasedAccount(this.#placeOf(name, key, limit), own, this, onChange);
    this.#accounts.set(name, account);
    return account;
  }

  #placeOf(name: string, { budget, startsAt }: BudgetAccountKey, limit: bigint): AccountPlace {
    const definition = this.#definitions.get(budget);
    if (definition === undefined) throw new RangeError(`There is no budget ${budget}.`);
    const { resetsAt } = periodAt(definition.period, startsAt);
    return { key: name, counted: countedBy(definition), resetsAt, limit };
  }

  /** Never rejects. */
  async #send(batch: readonly LeasedAccount[]): Promise<void> {
    const accounts = batch.filter((account) => !this.#forgets(account));
    if (accounts.length === 0) return;
    if (!this.#isClosed) this.#silence.begin();
    await this.#reporter.report(accounts, this.#isClosed);
  }

  /** Forgets an account of which the server knows all. */
  #forgets(account: LeasedAccount): boolean {
    if (!account.isDone) return false;
    account.end();
    this.#watched.delete(account);
    this.#accounts.delete(account.key);
    return true;
  }

  #lookAfter(): void {
    for (const account of this.#watched) {
      account.checkLease();
      if (account.isDue) this.request(account);
      else if (account.rests) this.#watched.delete(account);
    }
    for (let count = 0; count < LOOKED_UP; count += 1) {
      this.#round ??= this.#accounts.values();
      const { value } = this.#round.next();
      if (value === undefined) {
        this.#round = undefined;
        break;
      }
      this.request(value);
    }
    this.#tick.refresh();
  }

  #serverChanged(): void {
    if (!this.#runner.isUp) {
      this.#silence.begin();
      return;
    }
    this.#silence.end();
    this.#requestAll();
    void this.#reclaim();
  }

  /**
   * What a process before this one had leased is free but for what the ledger knows. Accounts of which that knows nothing
   * nobody here may ever open. Never rejects: what fails is done at the next contact.
   */
  async #reclaim(): Promise<void> {
    if (this.#hasReclaimed) return;
    this.#hasReclaimed = true;
    try {
      const names = await this.#runner.run(LEASES_SCRIPT, [this.#leases], []);
      for (const name of names as readonly string[]) this.#tellOf(name);
    } catch {
      this.#hasReclaimed = false;
    }
  }

  /** Opens an account until the server has heard of it. */
  #tellOf(name: string): void {
    const [, budget = '', startsAt, subject = ''] = partsOf(name, this.options.keyPrefix);
    const definition = this.#definitions.get(budget);
    if (definition === undefined || this.#accounts.has(name)) return;
    // Of whom it is not for the ledger is not asked, and nothing would be told as spent.
    if (!matchesPattern(definition.match, subject)) return;
    const key = { budget, subject, startsAt: Number(startsAt) };
    if (periodAt(definition.period, this.dated.now()).startsAt !== key.startsAt) return;
    const account = this.#create(name, key, definition.limit, () => account.release());
    this.request(account);
  }

  /** Those first that have a lease. */
  #requestAll(): void {
    for (const account of this.#watched) this.request(account);
    for (const account of this.#accounts.values()) this.request(account);
  }

  #tellAway(): void {
    for (const account of [...this.#accounts.values()]) account.changed();
  }

  #nameTaken(): void {
    const now = this.clock.now();
    const isKnown = now < this.#takenUntil;
    this.#takenUntil = now + this.options.leaseMs;
    if (isKnown) return;
    this.#log.error(
      { name: this.#name },
      'another process uses the name of this one in the shared store; it gets no leases until that ends',
    );
  }

  #serverLostData(): void {
    const now = this.clock.now();
    // All accounts find it out, but once is enough.
    if (now < this.#lostUntil) return;
    this.#lostUntil = now + this.options.leaseMs;
    this.#log.warn({}, 'the shared store has lost its data; what was spent is reported again');
    this.#requestAll();
  }
}
