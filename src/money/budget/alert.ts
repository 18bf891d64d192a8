import type { BudgetState } from '../../core/budget-state.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { formatDollars } from '../pricing/money.ts';

/** So much of a budget is spent. Raised once per threshold, subject and period. */
export interface BudgetAlert {
  /** The share of the limit that was reached. */
  readonly threshold: number;
  /** As it stands now. */
  readonly budget: BudgetState;
}

export interface AlertDeps {
  readonly instruments: Pick<Instruments, 'budgetAlerts'>;
  /** Is told of every alert. A pino logger is one. */
  readonly log: { warn(fields: object, message: string): void };
  /** Is told too. Default: nobody. */
  readonly onAlert?: (alert: BudgetAlert) => void;
}

export function raiseAlert(alert: BudgetAlert, { instruments, log, onAlert }: AlertDeps): void {
  const { threshold, budget } = alert;
  const { name, scope, subject, period, limit, spent, reserved, resetsAt } = budget;
  log.warn(
    {
      budget: name,
      scope,
      subject,
      period,
      threshold,
      limit: formatDollars(limit),
      spent: formatDollars(spent),
      reserved: formatDollars(reserved),
      ...(resetsAt === undefined ? {} : { resets_at: new Date(resetsAt).toISOString() }),
    },
    'budget reached an alert threshold',
  );
  instruments.budgetAlerts.add(1, { [ATTRIBUTE.budget]: name, [ATTRIBUTE.threshold]: threshold });
  onAlert?.(alert);
}
