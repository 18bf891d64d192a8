import type { BudgetPeriod, BudgetScope, BudgetState } from '../../core/budget-state.ts';
import * as wire from '../../gen/tamma/provider/v1/budget.ts';
import { toMoney } from './money.ts';
import { toTimestamp } from './time.ts';

const PERIOD: Record<BudgetPeriod, wire.BudgetPeriod> = {
  day: wire.BudgetPeriod.DAY,
  month: wire.BudgetPeriod.MONTH,
  total: wire.BudgetPeriod.TOTAL,
};

const SCOPE: Record<BudgetScope, wire.BudgetScope> = {
  all: wire.BudgetScope.ALL,
  user: wire.BudgetScope.USER,
  project: wire.BudgetScope.PROJECT,
  model: wire.BudgetScope.MODEL,
};

export function toWireBudget(budget: BudgetState): wire.Budget {
  const { limit, spent, reserved, startsAt, resetsAt } = budget;
  const left = limit - spent - reserved;
  return {
    name: budget.name,
    scope: SCOPE[budget.scope],
    subject: budget.subject,
    period: PERIOD[budget.period],
    limit: toMoney(limit),
    spent: toMoney(spent),
    reserved: toMoney(reserved),
    remaining: toMoney(left > 0n ? left : 0n),
    startTime: startsAt === undefined ? undefined : toTimestamp(startsAt),
    resetTime: resetsAt === undefined ? undefined : toTimestamp(resetsAt),
    alertThresholds: [...budget.alertThresholds],
    alertsRaised: [...budget.alertsRaised],
    shared: budget.shared,
  };
}
