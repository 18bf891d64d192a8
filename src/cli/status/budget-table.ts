import { type Budget, BudgetPeriod, BudgetScope } from '../../gen/tamma/provider/v1/budget.ts';
import type { Printer } from '../print/printer.ts';
import { moment, money, named } from '../print/words.ts';

const HEADS = ['BUDGET', 'FOR', 'PERIOD', 'LIMIT', 'SPENT', 'RESERVED', 'LEFT', 'RESETS'];

export function budgetTable(budgets: readonly Budget[], printer: Printer): Promise<void> {
  const rows = budgets.map((one) => [
    one.name,
    one.scope === BudgetScope.ALL
      ? 'all'
      : `${named(BudgetScope, one.scope)} ${one.subject || '-'}`,
    named(BudgetPeriod, one.period),
    money(one.limit),
    money(one.spent),
    money(one.reserved),
    money(one.remaining),
    moment(one.resetTime),
  ]);
  return printer.table(HEADS, rows);
}
