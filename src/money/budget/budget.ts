import { divideUp } from '../../core/bigint.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { type Spender, subjectOf } from '../../core/spender.ts';
import type { BudgetAccount, BudgetAccounts } from './account.ts';
import { Allowance } from './allowance.ts';
import type { BudgetDefinition } from './options.ts';
import { type Period, periodAt } from './period.ts';

/**
 * Subjects of one budget that are told apart in a period, some 600 bytes each: ids come from callers,
 * and one that makes up a new one for every call must not fill the memory.
 */
export const MAX_SUBJECTS = 100_000;
/** All further subjects together: that can refuse too early, but never overspends. */
export const OTHER_SUBJECTS = '(others)';

/** Thresholds are exact to this many parts of the limit. */
const THRESHOLD_PARTS = 1_000_000_000;

export interface BudgetDeps {
  readonly accounts: BudgetAccounts;
  /** An allowance has changed by somebody else's doing. */
  readonly onChange: (allowance: Allowance) => void;
}

/** A budget in its running period: the allowances of its subjects. */
export class Budget {
  #definition: BudgetDefinition;
  #alertAmounts: readonly bigint[];
  readonly #deps: BudgetDeps;
  readonly #matches: (subject: string) => boolean;
  readonly #allowances = new Map<string, Allowance>();
  #period: Period;

  /** Opens what has spent before, so that it is shown and counted from the start. */
  constructor(definition: BudgetDefinition, now: number, deps: BudgetDeps) {
    const { name, period, match, scope } = definition;
    this.#definition = definition;
    this.#alertAmounts = alertAmountsOf(definition);
    this.#deps = deps;
    this.#matches = patternMatcher(match);
    this.#period = periodAt(period, now);
    if (scope === 'all') this.#allowance('');
    for (const subject of [...deps.accounts.subjects(name, this.#period.startsAt)]) {
      this.#allowance(subject);
    }
  }

  get definition(): BudgetDefinition {
    return this.#definition;
  }

  /** Calls that ask the same may be of other subjects: those are of one project mostly, and of one model. */
  get isPersonal(): boolean {
    return this.#definition.scope === 'user';
  }

  /** What must be spent for each alert, in pico-dollars, ascending. */
  get alertAmounts(): readonly bigint[] {
    return this.#alertAmounts;
  }

  /** Another limit or other alerts. @param definition that counts the same */
  configure(definition: BudgetDefinition): void {
    const before = this.#definition;
    this.#definition = definition;
    this.#alertAmounts = alertAmountsOf(definition);
    for (const allowance of this.#allowances.values()) allowance.configured(before);
  }

  /** It is none any more, and nobody holds anything of it. */
  retire(): void {
    for (const allowance of this.#allowances.values()) this.#forget(allowance);
  }

  get period(): Period {
    return this.#period;
  }

  /** In the order in which they were opened. */
  get allowances(): Iterable<Allowance> {
    return this.#allowances.values();
  }

  appliesTo(spender: Spender): boolean {
    return this.#matches(subjectOf(this.definition.scope, spender));
  }

  /** @param spender to whom it applies */
  allowanceOf(spender: Spender): Allowance {
    return this.#allowance(subjectOf(this.definition.scope, spender));
  }

  /** Begins a new period if the old one is over. What nobody uses is forgotten with it. */
  advance(now: number): void {
    const { period, scope } = this.definition;
    if (now < this.#period.resetsAt) return;
    this.#period = periodAt(period, now);
    for (const allowance of this.#allowances.values()) {
      if (allowance.inUse || scope === 'all') allowance.renew();
      else this.#forget(allowance);
    }
  }

  /** Forgets an allowance of which nothing was spent and that nobody uses, unless it is the only one. */
  tidy(allowance: Allowance): void {
    if (allowance.isBlank && this.definition.scope !== 'all') this.#forget(allowance);
  }

  /** Its account in the running period. For the allowance. */
  open(allowance: Allowance): BudgetAccount {
    const { name, limit } = this.definition;
    const key = { budget: name, subject: allowance.subject, startsAt: this.#period.startsAt };
    return this.#deps.accounts.open(key, limit, () => this.#deps.onChange(allowance));
  }

  #allowance(subject: string): Allowance {
    const known = this.#allowances.get(subject);
    if (known !== undefined) return known;
    if (this.#allowances.size >= MAX_SUBJECTS && subject !== OTHER_SUBJECTS) {
      return this.#allowance(OTHER_SUBJECTS);
    }
    const allowance = new Allowance(this, subject);
    this.#allowances.set(subject, allowance);
    return allowance;
  }

  #forget(allowance: Allowance): void {
    // Who looks for money may refer to one that has gone with its budget, whose account may be another's by now.
    if (this.#allowances.delete(allowance.subject)) allowance.release();
  }
}

function alertAmountsOf({ alertThresholds, limit }: BudgetDefinition): readonly bigint[] {
  return alertThresholds.map((share) => partOf(limit, share));
}

/** Rounded up, so that an alert never comes too early. */
function partOf(limit: bigint, share: number): bigint {
  const parts = BigInt(THRESHOLD_PARTS);
  return divideUp(limit * BigInt(Math.round(share * THRESHOLD_PARTS)), parts);
}
