import { describe, expect, it } from '@jest/globals';
import { RetryBudget } from '../../../src/policies/retry/budget.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function open(budgetRatio: number, budgetMinimum: number) {
  const clock = new FakeClock();
  return { clock, budget: new RetryBudget({ budgetRatio, budgetMinimum }, clock) };
}

/** Retries until there are none left. */
function spend(budget: RetryBudget): number {
  let retries = 0;
  while (budget.withdraw()) retries += 1;
  return retries;
}

describe('RetryBudget', () => {
  it('has its minimum before the first call', () => {
    expect(spend(open(0.2, 10).budget)).toBe(10);
  });

  it('gets a share of a retry from each call', () => {
    const { budget } = open(0.25, 0);
    for (let call = 0; call < 7; call += 1) budget.deposit();
    expect(spend(budget)).toBe(1);
    budget.deposit();
    expect(spend(budget)).toBe(1);
    expect(spend(budget)).toBe(0);
  });

  it('bounds what a failing upstream is asked beyond the calls themselves', () => {
    const { budget } = open(0.25, 10);
    let retries = 0;
    for (let call = 0; call < 1_000; call += 1) {
      budget.deposit();
      retries += spend(budget);
    }
    expect(retries).toBe(10 + 250);
  });

  it('saves for a thousand calls and no more', () => {
    const { budget } = open(0.25, 10);
    for (let call = 0; call < 100_000; call += 1) budget.deposit();
    expect(spend(budget)).toBe(10 + 250);
  });

  it('regains its minimum within a second, and does not save it up', () => {
    const { budget, clock } = open(0.2, 10);
    spend(budget);
    clock.advance(499);
    expect(spend(budget)).toBe(4);
    clock.advance(3_600_000);
    expect(spend(budget)).toBe(10);
  });

  it('does not lose what calls put in when time passes', () => {
    const { budget, clock } = open(0.5, 2);
    for (let call = 0; call < 20; call += 1) budget.deposit();
    clock.advance(60_000);
    expect(spend(budget)).toBe(2 + 10);
  });

  it('allows no retry with a share and a minimum of 0', () => {
    const { budget, clock } = open(0, 0);
    budget.deposit();
    clock.advance(60_000);
    expect(spend(budget)).toBe(0);
  });
});
