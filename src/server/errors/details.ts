import type { BudgetState } from '../../core/budget-state.ts';
import type { CallRecord } from '../../core/call-record.ts';
import { type DetailKind, ERROR_DOMAIN } from '../../core/error-kinds.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { FailedAttempt } from '../../core/events.ts';
import type { Cost } from '../../core/usage.ts';
import type { Any } from '../../gen/google/protobuf/any.ts';
import {
  BadRequest,
  ErrorInfo,
  type MessageFns,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from '../../gen/google/rpc/error_details.ts';
import { FailureInfo, TimeoutPhase } from '../../gen/tamma/provider/v1/error.ts';
import { PROVIDER_OPENAI } from '../../telemetry/attributes.ts';
import { toWireBudget } from '../convert/budget.ts';
import { toCount } from '../convert/count.ts';
import { ERROR_REASON, TIMEOUT_PHASE } from '../convert/enums.ts';
import { toWireFailedAttempt } from '../convert/failed-attempt.ts';
import { toWireCost } from '../convert/money.ts';
import { toDuration } from '../convert/time.ts';
import { toWireUsage } from '../convert/usage.ts';
import { statusText } from './text.ts';
import { fitFieldViolations } from './violations.ts';

/** What RetryInfo says where nobody knows how long to wait, in ms. */
const DEFAULT_RETRY_DELAY_MS = 1000;

/** Cap of ids and model names, which come from the caller or the upstream. */
const MAX_NAME_BYTES = 128;
const MAX_DESCRIPTION_BYTES = 256;
const MAX_THRESHOLDS = 16;
const MAX_UPSTREAM_MESSAGE_BYTES = 512;

/** What is known of the failed call beside the error. */
export interface StatusFacts {
  /** Answered as RequestInfo.request_id. */
  readonly callId: string;
  /** Empty: the call is not traced. */
  readonly traceId: string;
  /** Absent: the call never entered the provider. */
  readonly record?: CallRecord;
  /** `sequence` of the last message the caller was sent, 0 if none. */
  readonly lastSequence: number;
}

/** The material of every detail. */
export interface Failure {
  readonly error: ProviderError;
  readonly facts: StatusFacts;
  /** The status message, safe to send. */
  readonly message: string;
}

export function errorInfo({ error, facts }: Failure): Any {
  const { kind, facts: known } = error;
  const metadata = {
    provider: PROVIDER_OPENAI,
    model: modelOf(error, facts),
    retryable: String(error.retryable),
    severity: kind.severity,
    attempts: String(facts.record?.attempts ?? 0),
    // A time-out knows nothing of the response that it waited for.
    upstream_status: String(known.upstreamStatus ?? (facts.record?.upstreamStatus || '')),
    upstream_code: known.upstreamCode,
    upstream_request_id: known.upstreamRequestId ?? facts.record?.upstreamRequestId,
    trace_id: facts.traceId,
    timeout_phase: known.timeoutPhase,
  };
  const present = Object.entries(metadata).flatMap(([key, value]) =>
    value ? [[key, name(value)] as const] : [],
  );
  return any('google.rpc.ErrorInfo', ErrorInfo, {
    reason: error.reason,
    domain: ERROR_DOMAIN,
    metadata: Object.fromEntries(present),
  });
}

export function requestInfo({ facts }: Failure): Any {
  return any('google.rpc.RequestInfo', RequestInfo, {
    requestId: name(facts.callId),
    servingData: '',
  });
}

/** `maxFailedAttempts` of the attempts that failed, the last ones, are listed. */
export function failureInfo({ error, facts }: Failure, maxFailedAttempts: number): Any {
  const { record, lastSequence } = facts;
  const { timeoutPhase, countedTokens, tokenLimit, budget } = error.facts;
  const failed = record?.failedAttempts ?? [];
  const listed = failed.slice(Math.max(failed.length - maxFailedAttempts, 0));
  return any('tamma.provider.v1.FailureInfo', FailureInfo, {
    reason: ERROR_REASON[error.reason],
    attempts: toCount(record?.attempts ?? 0),
    lastSequence: toCount(lastSequence),
    partialUsage: record?.usage && toWireUsage(record.usage),
    timeoutPhase: timeoutPhase ? TIMEOUT_PHASE[timeoutPhase] : TimeoutPhase.UNSPECIFIED,
    countedTokens: toCount(countedTokens ?? 0),
    tokenLimit: toCount(tokenLimit ?? 0),
    failedAttempts: listed.map((attempt) => toWireFailedAttempt(withShortNames(attempt))),
    budget: budget && toWireBudget(shortened(budget)),
    partialCost: record?.cost && toWireCost(withShortVersion(record.cost)),
    upstreamMessage: statusText(error.facts.upstreamMessage ?? '', MAX_UPSTREAM_MESSAGE_BYTES),
  });
}

/** The details that only some kinds of errors bring. BadRequest keeps to `room`, in bytes. */
export const KIND_DETAIL: Record<DetailKind, (failure: Failure, room: number) => Any> = {
  RetryInfo: ({ error }) => {
    const retryDelay = toDuration(retryAfterMs(error) ?? DEFAULT_RETRY_DELAY_MS);
    return any('google.rpc.RetryInfo', RetryInfo, { retryDelay });
  },
  QuotaFailure: ({ error, message }) => {
    const violation = {
      subject: name(error.facts.quotaSubject ?? defaultQuotaSubject(error)),
      description: statusText(message, MAX_DESCRIPTION_BYTES),
      apiService: '',
      quotaMetric: '',
      quotaId: '',
      quotaDimensions: {},
      quotaValue: 0n,
    };
    return any('google.rpc.QuotaFailure', QuotaFailure, { violations: [violation] });
  },
  BadRequest: ({ error }, room) => {
    const { fieldViolations: found = [], moreViolations } = error.facts;
    const fieldViolations = fitFieldViolations(found, room, moreViolations);
    return any('google.rpc.BadRequest', BadRequest, { fieldViolations });
  },
  ResourceInfo: ({ error, facts, message }) => {
    const { replacement } = error.facts;
    return any('google.rpc.ResourceInfo', ResourceInfo, {
      resourceType: 'model',
      resourceName: name(modelOf(error, facts)),
      owner: '',
      description: replacement
        ? `Use ${name(replacement)} instead.`
        : statusText(message, MAX_DESCRIPTION_BYTES),
    });
  },
};

/** How long the caller should wait, in whole ms within int32; undefined where nobody knows. */
export function retryAfterMs(error: ProviderError): number | undefined {
  const ms = error.facts.retryAfterMs;
  if (ms === undefined || Number.isNaN(ms)) return undefined;
  return toCount(Math.ceil(ms));
}

function defaultQuotaSubject(error: ProviderError): string {
  return error.reason === 'BUDGET_EXCEEDED' ? 'budget' : 'upstream rate limit';
}

function modelOf(error: ProviderError, facts: StatusFacts): string {
  return error.facts.model ?? facts.record?.model ?? '';
}

function name(value: string): string {
  return statusText(value, MAX_NAME_BYTES);
}

function withShortNames(failed: FailedAttempt): FailedAttempt {
  return {
    ...failed,
    target: name(failed.target),
    model: name(failed.model),
    upstreamRequestId: name(failed.upstreamRequestId ?? ''),
  };
}

function withShortVersion(cost: Cost): Cost {
  return { ...cost, catalogueVersion: name(cost.catalogueVersion) };
}

/** Its subject is the caller's own word, and a budget may have any number of thresholds. */
function shortened(budget: BudgetState): BudgetState {
  return {
    ...budget,
    name: name(budget.name),
    subject: name(budget.subject),
    alertThresholds: budget.alertThresholds.slice(0, MAX_THRESHOLDS),
    alertsRaised: budget.alertsRaised.slice(0, MAX_THRESHOLDS),
  };
}

function any<T>(type: string, fns: MessageFns<T>, message: T): Any {
  const value = Buffer.from(fns.encode(message).finish());
  return { typeUrl: `type.googleapis.com/${type}`, value };
}
