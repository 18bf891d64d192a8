import type { BudgetPeriod } from '../../core/budget-state.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { subjectOf } from '../../core/spender.ts';
import type { Ledger, Spending } from '../ledger/ledger.ts';
import type { BudgetAccount, BudgetAccountKey, BudgetAccounts } from './account.ts';
import { MAX_SUBJECTS, OTHER_SUBJECTS } from './budget.ts';
import { type BudgetDefinition, countedBy } from './options.ts';
import { periodAt } from './period.ts';

/** Accounts of this process alone. What they begin with is what the ledger has of the running period. */
export function localAccounts(
  ledger: Pick<Ledger, 'spending'>,
  definitions: readonly BudgetDefinition[],
): BudgetAccounts {
  return new LocalAccounts(ledger, definitions);
}

/** What was spent, in pico-dollars, by subject. */
type Balances = Map<string, bigint>;

/** What accounts that are not open hold, by what is counted: see `countedBy`. */
interface Closed {
  readonly startsAt: number;
  /** The ledger had what was spent after its end: the clock was behind when it was read. */
  readonly wasBehind: boolean;
  readonly balances: Map<string, Balances>;
}

class LocalAccounts implements BudgetAccounts {
  readonly #ledger: Pick<Ledger, 'spending'>;
  #definitions: ReadonlyMap<string, BudgetDefinition> = new Map();
  readonly #closed = new Map<BudgetPeriod, Closed>();
  /** What the ledger said in this turn, for all budgets that begin in it. */
  #rows: { readonly since: number; readonly spending: readonly Spending[] } | undefined;

  constructor(ledger: Pick<Ledger, 'spending'>, definitions: readonly BudgetDefinition[]) {
    this.#ledger = ledger;
    this.configure(definitions);
  }

  configure(definitions: readonly BudgetDefinition[]): void {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#rows = undefined;
  }

  tidy(): void {
    const known = new Set([...this.#definitions.values()].map(countedBy));
    for (const { balances } of this.#closed.values()) {
      for (const counted of balances.keys()) if (!known.has(counted)) balances.delete(counted);
    }
  }

  subjects(budget: string, startsAt: number): Iterable<string> {
    return this.#balances(budget, startsAt)?.keys() ?? [];
  }

  open({ budget, subject, startsAt }: BudgetAccountKey, limit: bigint): BudgetAccount {
    const balances = this.#balances(budget, startsAt);
    const spent = balances?.get(subject) ?? 0n;
    balances?.delete(subject);
    return new LocalAccount(limit, spent, (left) => {
      if (left > 0n) balances?.set(subject, left);
    });
  }

  async close(): Promise<void> {}

  /** Undefined for a period that is over. */
  #balances(budget: string, startsAt: number): Balances | undefined {
    const definition = this.#definitions.get(budget);
    if (definition === undefined) throw new RangeError(`There is no budget ${budget}.`);
    const closed = this.#periodOf(definition.period, startsAt);
    if (closed.startsAt !== startsAt) return undefined;
    const counted = countedBy(definition);
    const known = closed.balances.get(counted);
    if (known !== undefined) return known;
    const balances = balancesOf(definition, this.#spending(startsAt));
    closed.balances.set(counted, balances);
    return balances;
  }

  #periodOf(period: BudgetPeriod, startsAt: number): Closed {
    const last = this.#closed.get(period);
    if (last !== undefined && startsAt <= last.startsAt) return last;
    const isRead = last === undefined || last.wasBehind;
    // The ledger is read for the first period of a budget alone. A later one began under this process'
    // eyes: all that is spent in it passes through its accounts, and read from the ledger would count twice.
    // But for one that had begun before, as the clock was behind when this process started.
    const begun = isRead ? [] : [...last.balances.keys()];
    const balances = new Map(begun.map((counted): [string, Balances] => [counted, new Map()]));
    const closed = { startsAt, wasBehind: isRead && this.#isBehind(period, startsAt), balances };
    this.#closed.set(period, closed);
    return closed;
  }

  #isBehind(period: BudgetPeriod, startsAt: number): boolean {
    const { resetsAt } = periodAt(period, startsAt);
    return Number.isFinite(resetsAt) && this.#spending(resetsAt).length > 0;
  }

  #spending(since: number): readonly Spending[] {
    if (this.#rows?.since === since) return this.#rows.spending;
    const spending = this.#ledger.spending(since);
    this.#rows = { since, spending };
    queueMicrotask(() => {
      this.#rows = undefined;
    });
    return spending;
  }
}

function balancesOf({ scope, match }: BudgetDefinition, rows: readonly Spending[]): Balances {
  const matches = patternMatcher(match);
  const balances: Balances = new Map();
  for (const row of rows) {
    const subject = subjectOf(scope, row);
    if (row.picoDollars === 0n || !matches(subject)) continue;
    const isToldApart = balances.size < MAX_SUBJECTS || balances.has(subject);
    const name = isToldApart ? subject : OTHER_SUBJECTS;
    balances.set(name, (balances.get(name) ?? 0n) + row.picoDollars);
  }
  return balances;
}

class LocalAccount implements BudgetAccount {
  readonly shared = false;
  #limit: bigint;
  readonly #onRelease: (spent: bigint) => void;
  #spent: bigint;
  #reserved = 0n;

  constructor(limit: bigint, spent: bigint, onRelease: (spent: bigint) => void) {
    this.#limit = limit;
    this.#spent = spent;
    this.#onRelease = onRelease;
  }

  get spent(): bigint {
    return this.#spent;
  }

  get reserved(): bigint {
    return this.#reserved;
  }

  get available(): bigint {
    const left = this.#limit - this.#spent - this.#reserved;
    return left > 0n ? left : 0n;
  }

  get pending(): boolean {
    return this.#reserved > 0n;
  }

  reserve(amount: bigint): void {
    this.#reserved += amount;
  }

  settle(reserved: bigint, spent: bigint): void {
    this.#reserved -= reserved;
    this.#spent += spent;
  }

  want(): void {}

  resize(limit: bigint): void {
    this.#limit = limit;
  }

  release(): void {
    this.#onRelease(this.#spent);
  }
}
