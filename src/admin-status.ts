import type { BatchService } from './batch/service.ts';
import type { Clock } from './core/clock.ts';
import type { LiveConfig } from './live-config.ts';
import type { OpenAIProvider } from './provider/openai-provider.ts';
import type { GrpcServer } from './server/options.ts';
import { SpendToday } from './server/page/spend-today.ts';
import type { AdminStatus } from './server/page/status-page.ts';
import { nearestFirst } from './server/status/budget-order.ts';
import { problemsOf } from './server/status/problems.ts';

/** Budgets per user are as many as there are users; a page has its bounds. */
const MAX_SHOWN_BUDGETS = 20;
const MAX_SHOWN_BATCHES = 20;

/** What is asked for it. */
interface ProcessSources {
  readonly version: string;
  readonly clock: Clock;
  /** By which it is told when something was. */
  readonly dated: Clock;
  readonly live: LiveConfig;
  readonly server: GrpcServer;
  readonly provider: OpenAIProvider;
  readonly batches: BatchService | undefined;
  /** Where it listens; empty before it does. */
  readonly listeners: () => readonly string[];
}

/** What the admin port tells of this process, which begins now. */
export function statusOf(sources: ProcessSources): () => AdminStatus {
  const spend = new SpendToday(sources.provider, sources.clock);
  const startedAt = sources.clock.now();
  return () => statusNow(sources, sources.clock.now() - startedAt, spend.picoDollars);
}

function statusNow(
  { version, dated, live, server, provider, batches, listeners }: ProcessSources,
  uptimeMs: number,
  spentToday: bigint | undefined,
): AdminStatus {
  const upstreams = provider.upstreams();
  const all = provider.getBudgets({});
  const budgets = nearestFirst(all).slice(0, MAX_SHOWN_BUDGETS);
  const load = server.load();
  const cache = provider.cacheStatus();
  const ledger = provider.ledgerStatus();
  const sharedStore = provider.sharedStoreStatus();
  const drainLeftMs = server.drainLeftMs();
  return {
    version,
    configRevision: live.revision,
    state: server.draining ? 'draining' : 'serving',
    // To the second: two clocks are read, one after the other.
    startedAt: Math.round((dated.now() - uptimeMs) / 1_000) * 1_000,
    uptimeMs,
    activeCalls: server.activeCalls(),
    listeners: listeners(),
    upstreams,
    budgets,
    budgetCount: all.length,
    problems: problemsOf({
      draining: server.draining,
      load,
      upstreams,
      budgets,
      ledger,
      config: live.problems,
      sharedStore,
    }),
    load,
    ledger,
    batches: batches?.active.slice(0, MAX_SHOWN_BATCHES) ?? [],
    ...(spentToday !== undefined && { spentToday }),
    ...(cache && { cache }),
    ...(sharedStore && { sharedStore }),
    ...(drainLeftMs !== undefined && { drainLeftMs }),
  };
}
