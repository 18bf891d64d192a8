import type { ObservableCallback, ObservableGauge } from '@opentelemetry/api';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { toDollars } from '../pricing/money.ts';
import type { Allowance } from './allowance.ts';
import type { Budget } from './budget.ts';

type BudgetGauges = Pick<Instruments, 'budgetLimit' | 'budgetSpent' | 'budgetReserved'>;

/**
 * Lets the gauges show the budgets, each as the sum over its subjects: one series per budget, however
 * many users there are.
 *
 * @param budgets as they stand when they are called for
 * @returns what ends it
 */
export function observeBudgets(
  { budgetLimit, budgetSpent, budgetReserved }: BudgetGauges,
  budgets: () => readonly Budget[],
): () => void {
  const removals = [
    observe(budgetLimit, budgets, ({ budget }) => budget.definition.limit),
    observe(budgetSpent, budgets, ({ spent }) => spent),
    observe(budgetReserved, budgets, ({ reserved }) => reserved),
  ];
  return () => {
    for (const remove of removals) remove();
  };
}

function observe(
  gauge: ObservableGauge,
  budgets: () => readonly Budget[],
  amount: (allowance: Allowance) => bigint,
): () => void {
  const callback: ObservableCallback = (result) => {
    for (const { definition, allowances } of budgets()) {
      let sum = 0n;
      for (const allowance of allowances) sum += amount(allowance);
      result.observe(toDollars(sum), { [ATTRIBUTE.budget]: definition.name });
    }
  };
  gauge.addCallback(callback);
  return () => gauge.removeCallback(callback);
}
