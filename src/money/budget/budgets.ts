import type { Clock } from '../../core/clock.ts';
import type { Spender } from '../../core/spender.ts';
import type { Allowance } from './allowance.ts';
import { Budget, type BudgetDeps } from './budget.ts';
import { type BudgetChange, planChange } from './change.ts';
import type { Claim, Wish } from './claim.ts';
import type { BudgetDefinition } from './options.ts';

export interface BudgetsDeps extends BudgetDeps {
  readonly clock: Clock;
  /** Called when periods have begun. */
  readonly onReset: () => void;
}

/** What becomes of budgets, with those that are new. */
export interface NextBudgets extends Pick<BudgetChange, 'kept' | 'gone'> {
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
   * Opens those that are new; the others stay as they are until `become`.
   *
   * @throws what the ledger throws if it cannot be read; then nothing has changed
   */
  prepare(definitions: readonly BudgetDefinition[]): NextBudgets {
    const { accounts } = this.#deps;
    const before = this.current();
    const { kept, added: wanted, gone } = planChange(before, definitions);
    let added: readonly Budget[];
    try {
      accounts.configure(definitions);
      added = wanted.map((definition) => this.#open(definition));
    } catch (error) {
      accounts.configure(before.map(({ definition }) => definition));
      throw error;
    }
    accounts.tidy();
    const either = [...kept.keys(), ...added];
    const all = definitions.flatMap(({ name }) =>
      either.filter(({ definition }) => definition.name === name),
    );
    return { kept, added, gone, all };
  }

  become({ kept, all }: NextBudgets): void {
    for (const [budget, definition] of kept) budget.configure(definition);
    this.#all = all;
    this.#resetsAt = this.#firstReset();
  }

  /** Where the clock was set back, in the period that the others stay in: what was spent in it counts. */
  #open(definition: BudgetDefinition): Budget {
    this.#latest = Math.max(this.#latest, this.#deps.clock.now());
    return new Budget(definition, this.#latest, this.#deps);
  }

  #firstReset(): number {
    return Math.min(...this.#all.map(({ period }) => period.resetsAt));
  }
}
