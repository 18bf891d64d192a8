import type { CallRecord } from '../../core/call-record.ts';
import type { CanonicalCode } from '../../core/error-kinds.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { FailedAttempt } from '../../core/events.ts';
import { failureOf, tellingCause } from '../../core/failure-facts.ts';
import { formatDollars } from '../../money/pricing/money.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { CallLogLevel, RepeatedFailures } from './repeated-failures.ts';

export interface CallLogDeps {
  /** Where calls are told of, a line each. */
  readonly logger: Logger;
  /** Holds lines back that say what others have said. Default: none is. */
  readonly repeats?: Pick<RepeatedFailures, 'admit'> | undefined;
}

/** Is told the same of calls that answer a conversation, of each of them. */
export type TellEvent = (
  event: 'completed' | 'failed',
  severity: CallLogLevel,
  fields: object,
) => void;

/** How an RPC ended. */
export interface RpcOutcome {
  /** Absent: OK. */
  readonly error?: ProviderError | undefined;
  readonly record: CallRecord;
  readonly lastSequence: number;
}

type Code = CanonicalCode | 'OK';

/** The codes that no operator has to look at. */
const UNREMARKABLE: ReadonlySet<Code> = new Set([
  'OK',
  'CANCELLED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'DEADLINE_EXCEEDED',
]);

/** One line per RPC. What was asked and answered is never part of it. */
export function logCall(
  { logger, repeats }: CallLogDeps,
  outcome: RpcOutcome,
  identity: { readonly code: Code } & Readonly<Record<string, unknown>>,
  tell?: TellEvent,
): void {
  const { error } = outcome;
  const level = levelOf(error);
  const isRead = logger.isLevelEnabled(level);
  const held =
    error !== undefined &&
    isRead &&
    repeats?.admit(error.reason, outcome.record.target, level) === false;
  if ((held || !isRead) && tell === undefined) return;
  const facts = factsOf(outcome, identity);
  const fields = error === undefined ? facts : { ...facts, ...failureOf(error) };
  tell?.(error === undefined ? 'completed' : 'failed', level, fields);
  if (held) return;
  if (error === undefined) logger.info(fields, 'call answered');
  else logger[level]({ ...fields, err: errOf(error, level) }, 'call failed');
}

export function codeOf(error: ProviderError | undefined): Code {
  return error?.kind.code ?? 'OK';
}

function levelOf(error: ProviderError | undefined): CallLogLevel {
  if (error?.reason === 'INTERNAL') return 'error';
  return UNREMARKABLE.has(codeOf(error)) || error?.kind.severity === 'low' ? 'info' : 'warn';
}

function errOf(error: ProviderError, level: CallLogLevel): unknown {
  if (level === 'error') return error.facts.cause ?? error;
  return level === 'warn' ? tellingCause(error) : undefined;
}

function factsOf({ error, record, lastSequence }: RpcOutcome, identity: object) {
  const { startedAt, firstOutputAt, usage, cost, failedAttempts, attemptLog } = record;
  const last = attemptLog.at(-1);
  return {
    ...identity,
    reason: error?.reason,
    model: record.model || undefined,
    target: record.target || undefined,
    attempts: record.attempts,
    hedge: record.hedge,
    finish_reason: record.finishReason,
    input_tokens: usage?.inputTokens,
    output_tokens: usage?.outputTokens,
    cost_usd: cost && formatDollars(cost.picoDollars),
    unpriced: cost?.unpriced || undefined,
    usage_estimated: usage?.estimated || undefined,
    queued_ms: Math.round(record.queuedMs) || undefined,
    backoff_ms: Math.round(record.backoffMs) || undefined,
    last_attempt_ms: last && Math.round(last.endedAt - last.startedAt),
    failed_attempts: failedAttempts.length === 0 ? undefined : failedAttempts.map(logged),
    time_to_first_token_ms:
      firstOutputAt === undefined ? undefined : Math.round(firstOutputAt - startedAt),
    upstream_request_id: record.upstreamRequestId || undefined,
    last_sequence: lastSequence,
  };
}

function logged(failed: FailedAttempt) {
  const { attempt, target, model, reason, upstreamStatus, upstreamRequestId, durationMs } = failed;
  return {
    attempt,
    target,
    model,
    reason,
    upstream_status: upstreamStatus,
    upstream_request_id: upstreamRequestId,
    duration_ms: Math.round(durationMs),
  };
}
