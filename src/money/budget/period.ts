import type { BudgetPeriod } from '../../core/budget-state.ts';

/** A day, a month, or for ever. */
export interface Period {
  /** Epoch ms; 0 for a total. */
  readonly startsAt: number;
  /** Epoch ms at which the next one begins; Infinity for a total. */
  readonly resetsAt: number;
}

/** The period in which `now`, in epoch ms, lies. Days and months begin at midnight UTC. */
export function periodAt(period: BudgetPeriod, now: number): Period {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case 'day':
      return { startsAt: Date.UTC(year, month, day), resetsAt: Date.UTC(year, month, day + 1) };
    case 'month':
      return { startsAt: Date.UTC(year, month), resetsAt: Date.UTC(year, month + 1) };
    case 'total':
      return { startsAt: 0, resetsAt: Number.POSITIVE_INFINITY };
  }
}
