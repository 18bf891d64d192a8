import type { AttemptSummary } from '../../core/call-record.ts';
import { causeOf, failureOf } from '../../core/failure-facts.ts';
import { routeName } from '../../core/route.ts';
import { formatDollars } from '../../money/pricing/money.ts';
import type { RememberedCall } from './call-memory.ts';

/** What became of a call, as JSON: `GET /calls/<id>`. Times are ms since it arrived. Never content. */
export function explain({ id, traceId, method, ...call }: RememberedCall) {
  const { endedAt, endedOn, record, error } = call;
  const { startedAt, firstOutputAt, attemptLog, charges, usage, cost } = record;
  const since = (time: number) => Math.round(time - startedAt);
  return {
    call_id: id,
    trace_id: traceId,
    method,
    arrived: new Date(endedOn - (endedAt - startedAt)).toISOString(),
    duration_ms: since(endedAt),
    outcome: error?.reason ?? 'completed',
    code: error?.kind.code ?? 'OK',
    finish_reason: record.finishReason,
    ...(error && failureOf(error)),
    cause: causeOf(error),
    model: record.model || undefined,
    target: record.target || undefined,
    why_this_target: why(attemptLog.at(-1)),
    time_to_first_token_ms: firstOutputAt === undefined ? undefined : since(firstOutputAt),
    queued_ms: Math.round(record.queuedMs),
    backoff_ms: Math.round(record.backoffMs),
    hedge: record.hedge,
    attempts: attemptLog.map((attempt) => ({
      attempt: attempt.attempt,
      target: attempt.target,
      model: attempt.model,
      outcome: attempt.outcome,
      hedge: attempt.hedge,
      waited_in_queue_ms: Math.round(attempt.queuedMs),
      waited_after_failure_ms: Math.round(attempt.backoffMs),
      began_ms: since(attempt.startedAt),
      first_output_ms:
        attempt.firstOutputAt === undefined ? undefined : since(attempt.firstOutputAt),
      ended_ms: since(attempt.endedAt),
      upstream_status: attempt.upstreamStatus,
      upstream_request_id: attempt.upstreamRequestId,
    })),
    charges: charges.map((charge) => ({
      attempt: charge.attempt,
      model: charge.model,
      input_tokens: charge.usage.inputTokens,
      output_tokens: charge.usage.outputTokens,
      cached_tokens: charge.usage.cacheReadTokens,
      estimated: charge.usage.estimated,
      service_tier: charge.serviceTier || undefined,
      cost_usd: charge.cost && formatDollars(charge.cost.picoDollars),
      unpriced: charge.cost?.unpriced || undefined,
    })),
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    cost_usd: cost && formatDollars(cost.picoDollars),
  };
}

function why(last: AttemptSummary | undefined): string {
  if (last === undefined) return 'No attempt was made.';
  if (last.hedge) return 'It was asked beside another one that was silent, and was quicker.';
  if (last.left.length === 0) return 'It is the first route that the call may take.';
  const left = last.left.map((route) => `${routeName(route)} (${route.reason})`);
  return `It left ${left.join(', ')}.`;
}
