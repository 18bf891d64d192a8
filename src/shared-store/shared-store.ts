import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { StoreStatus } from '../core/store-status.ts';
import type { BudgetAccounts } from '../money/budget/account.ts';
import type { BudgetDefinition } from '../money/budget/options.ts';
import type { OpenAnswerStore } from '../money/cache/answer-store.ts';
import type { Ledger } from '../money/ledger/ledger.ts';
import type { RepeatStore } from '../money/repeats/repeats.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import { SharedAnswers } from './answers/shared-answers.ts';
import { SharedRepeats } from './answers/shared-repeats.ts';
import { redisAccounts, type SharedAccounts } from './budgets/redis-accounts.ts';
import { redisRateSource } from './rates/redis-rate-source.ts';
import { RedisConnection, type StoreConnectionDeps } from './redis/connection.ts';
import type { SharedStoreOptions } from './redis/options.ts';
import { type SharedTotals, sharedTotals } from './totals/shared-totals.ts';

/** What several sidecars share. */
export interface SharedStore {
  /** Of the budgets. To be closed before the store is, by the book that uses them. */
  readonly accounts: BudgetAccounts;
  readonly newRateSource: NewRateSource;
  readonly totals: SharedTotals;
  /** Of calls with an idempotency key. */
  readonly repeats: RepeatStore;
  readonly openAnswers: OpenAnswerStore;
  status(): StoreStatus;
  /** Sends what is left of the totals, and breaks the connection. Idempotent. */
  close(): Promise<void>;
}

export interface SharedStoreDeps {
  readonly clock: Clock;
  /** By which periods begin and end, and by which records are dated. */
  readonly dated: Clock;
  readonly log: ProviderLog;
  /** In [0, 1). */
  readonly random: () => number;
  readonly definitions: readonly BudgetDefinition[];
  /** What this sidecar has spent. */
  readonly ledger: Pick<Ledger, 'spending' | 'sums'>;
  /** Of requests to the server. Default: nobody hears of it. */
  readonly duration?: StoreConnectionDeps['duration'];
  /** Of the ledger, which is this process' alone. Absent: it ends with the process. */
  readonly directory?: string | undefined;
}

function problemOf({
  isUp,
  whyAway,
  whyRefused,
}: Pick<RedisConnection, 'isUp' | 'whyAway' | 'whyRefused'>): string | undefined {
  const because = (why: string | undefined) => (why ? ` (${why.replace(/\.$/, '')})` : '');
  if (!isUp) return `It is away${because(whyAway)}. Calls go on within their leases.`;
  if (whyRefused === undefined) return undefined;
  return `It refuses some of what it is asked${because(whyRefused)}. What it refuses is done without it.`;
}

function slow(ms: number): string {
  return `It is slow: every other answer takes ${Math.floor(ms / 10) * 10} ms or longer.`;
}

/** Begins to connect, and waits for nothing: while the server is away everything works without it. */
export function openSharedStore(options: SharedStoreOptions, deps: SharedStoreDeps): SharedStore {
  const connection = new RedisConnection(options, deps);
  const totals = sharedTotals(connection, options, deps);
  const accounts = redisAccounts(connection, options, {
    ...deps,
    keepsLedger: deps.directory !== undefined,
  });
  return {
    accounts,
    newRateSource: redisRateSource(connection, options, deps),
    totals,
    repeats: new SharedRepeats(connection, options, deps.clock),
    openAnswers: (...wanted) => new SharedAnswers(connection, options, deps.clock, ...wanted),
    status: () => ({
      ...statusOf(connection, accounts),
      since: connection.since,
      pending: totals.pending,
    }),
    close: async () => {
      await totals.close();
      connection.close();
    },
  };
}

function statusOf(connection: RedisConnection, accounts: SharedAccounts): Partial<StoreStatus> {
  const problem = problemOf(connection) ?? accounts.problem;
  if (problem !== undefined) return { problem };
  const { slowMs } = connection;
  return slowMs === undefined ? {} : { warning: slow(slowMs) };
}

/**
 * This process' ledger, whose sums are those of all sidecars. While the store is away or refuses they
 * are its own alone, and partial.
 */
export function sharedLedger(own: Ledger, totals: Pick<SharedTotals, 'sums'>): Ledger {
  return {
    open: (opening) => own.open(opening),
    spending: (since) => own.spending(since),
    status: () => own.status(),
    close: () => own.close(),
    kept: own.kept,
    ...(own.batches && { batches: own.batches }),
    async sums(query, signal) {
      try {
        return await totals.sums(query);
      } catch {
        // Whatever is the matter with the store, it has been told where the store is used.
        return { ...(await own.sums(query, signal)), partial: true };
      }
    },
  };
}
