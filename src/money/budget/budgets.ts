import type { Clock } from '../../core/clock.ts';
import type { Spender } from '../../core/spender.ts';
import type { Allowance } from './allowance.ts';
import { Budget, type BudgetDeps } from './budget.ts';
import { type BudgetChange, planChange } from './change.ts';
import type { Claim, Wish } from './claim.ts';
import type { BudgetDefinition } from './options.ts';
import { periodAt } from './period.ts';

export interface BudgetsDeps extends BudgetDeps {
  readonly clock: Clock;
  /** Called when periods have begun. */
  readonly onReset: () => void;
}

/** What becomes of budgets, of which those that are new can be opened. */
export interface PreparedChange extends BudgetChange {
  readonly definitions: readonly BudgetDefinition[];
}

/** The budgets of now. */
export interface NextBudgets {
  readonly added: readonly Budget[];
  /** All of them, in the order of the configuration. */
  readonly all: readonly Budget[];
}

/** The budgets that are configured, each in the period of now, and who claims something of them. */
export class Budgets {
  readonly #deps: BudgetsDeps;
  #all: readonly Budget[];
  /** When the first period ends, in epoch ms. */
  #resetsAt: number;
  /** Latest time at which periods began, in epoch ms. */
  #latest = 0;
  #claims = 0;

  constructor(definitions: readonly BudgetDefinition[], deps: BudgetsDeps) {
    this.#deps = deps;
    this.#all = definitions.map((definition) => this.#open(definition));
    this.#resetsAt = this.#firstReset();
  }

  /** When the first period ends, in epoch ms. */
  get resetsAt(): number {
    return this.#resetsAt;
  }

  /** In the order of the configuration. */
  current(): readonly Budget[] {
    const now = this.#deps.clock.now();
    if (now < this.#resetsAt) return this.#all;
    this.#latest = now;
    for (const budget of this.#all) budget.advance(now);
    this.#resetsAt = this.#firstReset();
    this.#deps.onReset();
    return this.#all;
  }

  /** Whether any budget counts what the spender spends. */
  appliesTo(spender: Spender): boolean {
    return this.#all.some((budget) => budget.appliesTo(spender));
  }

  /** To be dropped once nothing is wished or held by it any more. */
  claim(spender: Spender, wish: Wish): Claim {
    const allowances: Allowance[] = [];
    for (const budget of this.current()) {
      if (budget.appliesTo(spender)) allowances.push(budget.allowanceOf(spender));
    }
    for (const allowance of allowances) allowance.use();
    this.#claims += 1;
    return { spender, wish, allowances, order: this.#claims };
  }

  drop({ allowances }: Claim): void {
    for (const allowance of allowances) {
      allowance.unuse();
      allowance.budget.tidy(allowance);
    }
  }

  /**
   * Reads what those that are new need; all stay as they are until `become`.
   *
   * @throws what the ledger throws if it cannot be read; then nothing has changed
   */
  prepare(definitions: readonly BudgetDefinition[]): PreparedChange {
    const { accounts } = this.#deps;
    const before = this.current();
    const change = planChange(before, definitions);
    try {
      accounts.configure(definitions);
      for (const { name, period } of change.added) {
        accounts.subjects(name, periodAt(period, this.#now()).startsAt);
      }
    } catch (error) {
      accounts.configure(before.map(({ definition }) => definition));
      accounts.tidy();
      throw error;
    }
    accounts.tidy();
    return { ...change, definitions };
  }

  /** @param change of which nobody holds any more what is gone */
  become({ kept, added: wanted, definitions }: PreparedChange): NextBudgets {
    const added = wanted.map((definition) => this.#open(definition));
    for (const [budget, definition] of kept) budget.configure(definition);
    const either = [...kept.keys(), ...added];
    const all = definitions.flatMap(({ name }) =>
      either.filter(({ definition }) => definition.name === name),
    );
    this.#all = all;
    this.#resetsAt = this.#firstReset();
    return { added, all };
  }

  #open(definition: BudgetDefinition): Budget {
    return new Budget(definition, this.#now(), this.#deps);
  }

  /** Where the clock was set back, in the period that the others stay in: what was spent in it counts. */
  #now(): number {
    this.#latest = Math.max(this.#latest, this.#deps.clock.now());
    return this.#latest;
  }

  #firstReset(): number {
    return Math.min(...this.#all.map(({ period }) => period.resetsAt));
  }
}
