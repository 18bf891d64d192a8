import type { Spender } from '../../../src/core/spender.ts';
import type { BudgetAccounts } from '../../../src/money/budget/account.ts';
import type { BudgetAlert } from '../../../src/money/budget/alert.ts';
import { BudgetBook } from '../../../src/money/budget/book.ts';
import { localAccounts } from '../../../src/money/budget/local-accounts.ts';
import type { BudgetDefinition } from '../../../src/money/budget/options.ts';
import type { Spending } from '../../../src/money/ledger/ledger.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** Budgets and their surroundings, in amounts of a few pico-dollars, for tests. */

export function aBudget(fields: Partial<BudgetDefinition> = {}): BudgetDefinition {
  return {
    name: 'daily',
    scope: 'all',
    match: '*',
    limit: 100n,
    period: 'day',
    alertThresholds: [],
    ...fields,
  };
}

export function aSpender(fields: Partial<Spender> = {}): Spender {
  return { userId: 'alice', projectId: 'apollo', model: 'gpt-test', ...fields };
}

export function spending(picoDollars: bigint, spender: Partial<Spender> = {}): Spending {
  return { ...aSpender(spender), picoDollars };
}

export interface Opened {
  readonly book: BudgetBook;
  readonly clock: FakeClock;
  readonly telemetry: TelemetryProbe;
  readonly alerts: BudgetAlert[];
  readonly logged: { readonly fields: object; readonly message: string }[];
}

export interface Surroundings {
  /** What the ledger has. */
  readonly spent?: readonly Spending[];
  /** Default: local ones. */
  readonly accounts?: BudgetAccounts;
  /** Epoch ms. */
  readonly now?: number;
}

export function openBook(budgets: readonly BudgetDefinition[], around: Surroundings = {}): Opened {
  const clock = new FakeClock(around.now);
  const telemetry = new TelemetryProbe();
  const alerts: BudgetAlert[] = [];
  const logged: Opened['logged'] = [];
  const openedAt = clock.now();
  const ledger = { spending: (since: number) => (since > openedAt ? [] : (around.spent ?? [])) };
  const book = new BudgetBook(
    { budgets, minOutputTokens: 1 },
    around.accounts ?? localAccounts(ledger, budgets),
    {
      clock,
      instruments: telemetry.instruments,
      log: { warn: (fields, message) => logged.push({ fields, message }) },
      onAlert: (alert) => alerts.push(alert),
    },
  );
  return { book, clock, telemetry, alerts, logged };
}

/** A wish for exactly this. */
export function exactly(amount: bigint) {
  return { most: amount, least: amount, explicit: true };
}

export const NEVER = { signal: new AbortController().signal };

/** Lets promises that are settled be heard of. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
