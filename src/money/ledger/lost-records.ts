import { formatDollars } from '../pricing/money.ts';
import type { LedgerLog } from './ledger-log.ts';
import type { Labels, Totals } from './totals.ts';

/** Lines of the log that tell what is lost, by day, model, user and so on; the last tells of all. */
const MAX_LINES = 1_000;

/** Writes to the log what could be written nowhere else. @returns how many attempts that is */
export function tellLost(lost: readonly (Labels & Totals)[], log: LedgerLog): number {
  const attempts = lost.reduce((sum, one) => sum + one.attempts, 0);
  if (attempts === 0) return 0;
  for (const sums of lost.slice(0, MAX_LINES)) log.error(fieldsOf(sums), 'lost to the ledger');
  const all = lost.reduce((sum, { picoDollars }) => sum + picoDollars, 0n);
  log.error(
    { attempts, cost_usd: formatDollars(all) },
    'attempts are lost to the ledger: neither its database nor its journal can be written',
  );
  return attempts;
}

function fieldsOf(sums: Labels & Totals) {
  return {
    day: sums.day,
    model: sums.model,
    user_id: sums.userId,
    project_id: sums.projectId,
    target: sums.target,
    outcome: sums.outcome,
    attempts: sums.attempts,
    estimated_attempts: sums.estimatedAttempts,
    unpriced_attempts: sums.unpricedAttempts,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cache_read_tokens: sums.cacheReadTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd: formatDollars(sums.picoDollars),
  };
}
