import { addTotals, type Labels, type Totals } from '../../money/ledger/totals.ts';

/** A group of a day's totals, and what is to be added to it. */
export interface PendingGroup {
  readonly labels: Labels;
  readonly totals: Totals;
}

/** Groups that wait at most, while the server is away: some 10 MB. */
const MAX_GROUPS = 20_000;

/** What waits to be sent, added up by day. */
export class PendingTotals {
  /** By day, and by the labels of the group. */
  readonly #days = new Map<string, Map<string, PendingGroup>>();
  #size = 0;

  get days(): readonly string[] {
    return [...this.#days.keys()];
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get allAttempts(): number {
    return this.days.reduce((sum, day) => sum + this.attempts(day), 0);
  }

  attempts(day: string): number {
    let sum = 0;
    for (const { totals } of this.#days.get(day)?.values() ?? []) sum += totals.attempts;
    return sum;
  }

  /** Whether it was added: there is room for so many groups, and no more. */
  add(labels: Labels, totals: Totals): boolean {
    const groups = this.#days.get(labels.day) ?? new Map<string, PendingGroup>();
    const key = JSON.stringify(Object.values(labels));
    const group = groups.get(key);
    if (group !== undefined) {
      addTotals(group.totals, totals);
      return true;
    }
    if (this.#size >= MAX_GROUPS) return false;
    groups.set(key, { labels, totals });
    this.#days.set(labels.day, groups);
    this.#size += 1;
    return true;
  }

  /** Takes out the oldest of a day. */
  take(day: string, count: number): readonly PendingGroup[] {
    const groups = this.#days.get(day) ?? new Map<string, PendingGroup>();
    const taken = [...groups].slice(0, count);
    for (const [key] of taken) groups.delete(key);
    this.#size -= taken.length;
    if (groups.size === 0) this.#days.delete(day);
    return taken.map(([, group]) => group);
  }

  drop(day: string): void {
    this.take(day, Number.POSITIVE_INFINITY);
  }
}
