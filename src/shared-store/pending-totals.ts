import type { LedgerRecord } from '../money/ledger/ledger.ts';
import { addTotals, dailyShare, type Totals } from '../money/ledger/totals.ts';
import { fieldOf } from './totals-group.ts';

/** A group of a day's totals, and what is to be added to it. */
export interface PendingGroup {
  /** ISO 8601. */
  readonly day: string;
  /** In the day's hash. */
  readonly field: string;
  readonly totals: Totals;
}

/**
 * Groups that wait at most, while the server is away: some 10 MB. Beyond it models are still told apart,
 * and no more users and projects.
 */
const MAX_GROUPS = 20_000;
const OTHERS = '(others)';

/** What waits to be sent, added up. */
export class PendingTotals {
  readonly #groups = new Map<string, PendingGroup>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(record: LedgerRecord): void {
    const [labels, totals] = dailyShare(record);
    const others = { ...labels, userId: OTHERS, projectId: OTHERS };
    const field = fieldOf(labels);
    const isKnown = this.#groups.has(labels.day + field) || this.#groups.size < MAX_GROUPS;
    this.#addTo(labels.day, isKnown ? field : fieldOf(others), totals);
  }

  /** Takes out the oldest. */
  take(count: number): readonly PendingGroup[] {
    const taken = [...this.#groups.entries()].slice(0, count);
    for (const [key] of taken) this.#groups.delete(key);
    return taken.map(([, group]) => group);
  }

  #addTo(day: string, field: string, totals: Totals): void {
    const group = this.#groups.get(day + field);
    if (group === undefined) this.#groups.set(day + field, { day, field, totals });
    else addTotals(group.totals, totals);
  }
}
