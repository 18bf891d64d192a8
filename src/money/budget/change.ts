import type { Member } from '../../core/live-set.ts';
import type { Allowance } from './allowance.ts';
import type { Budget } from './budget.ts';
import type { Claim } from './claim.ts';
import { type BudgetDefinition, countsTheSame } from './options.ts';
import type { WaitingClaim } from './waiting-claim.ts';

/** What a claim has reserved and not settled, in pico-dollars. */
export interface Held extends Member {
  /** Another one where another spender has taken it over. */
  claim: Claim;
  left: bigint;
}

/** What becomes of budgets when others are configured. */
export interface BudgetChange {
  /** Those that count the same as before, each with how it is defined now. */
  readonly kept: ReadonlyMap<Budget, BudgetDefinition>;
  readonly added: readonly BudgetDefinition[];
  readonly gone: readonly Budget[];
}

export function planChange(
  before: readonly Budget[],
  definitions: readonly BudgetDefinition[],
): BudgetChange {
  const same = (definition: BudgetDefinition) =>
    before.find((budget) => countsTheSame(budget.definition, definition));
  const kept = new Map(
    definitions.flatMap((definition): [Budget, BudgetDefinition][] => {
      const budget = same(definition);
      return budget === undefined ? [] : [[budget, definition]];
    }),
  );
  return {
    kept,
    added: definitions.filter((definition) => same(definition) === undefined),
    gone: before.filter((budget) => !kept.has(budget)),
  };
}

/** Gives back what budgets that are gone hold for a claim, which refers to them no more. */
export function leave(gone: readonly Budget[], claim: Claim, held = 0n): void {
  const left = claim.allowances.filter(({ budget }) => gone.includes(budget));
  claim.allowances = claim.allowances.filter((allowance) => !left.includes(allowance));
  for (const allowance of left) {
    allowance.settle(held, 0n);
    allowance.unuse();
  }
}

/** Has the budgets hold what was reserved before they were there. */
export function holdOf(added: readonly Budget[], { claim, left }: Held): void {
  const allowances = allowancesIn(added, claim);
  for (const allowance of allowances) allowance.hold(left);
  claim.allowances = [...claim.allowances, ...allowances];
}

/** Lets somebody who waits fit the budgets of now, and no others. */
export function reclaim(claim: Claim, budgets: readonly Budget[]): void {
  const before = claim.allowances;
  claim.allowances = allowancesIn(budgets, claim);
  for (const allowance of before) {
    allowance.unuse();
    allowance.budget.tidy(allowance);
  }
}

/** Everybody who waits, and now waits nowhere. */
export function leaveQueues(allowances: Iterable<Allowance>): readonly WaitingClaim[] {
  const left: WaitingClaim[] = [];
  for (const { waiting } of allowances) {
    for (let first = waiting.first; first !== undefined; first = waiting.first) {
      first.leave();
      left.push(first);
    }
  }
  return left;
}

function allowancesIn(budgets: readonly Budget[], { spender }: Claim): readonly Allowance[] {
  const allowances = budgets
    .filter((budget) => budget.appliesTo(spender))
    .map((budget) => budget.allowanceOf(spender));
  for (const allowance of allowances) allowance.use();
  return allowances;
}
