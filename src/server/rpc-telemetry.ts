import {
  type Attributes,
  type Context,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { CallRecord } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { CanonicalCode, ErrorReason } from '../core/error-kinds.ts';
import { ProviderError } from '../core/errors.ts';
import type { FailedAttempt } from '../core/events.ts';
import { formatDollars } from '../money/pricing/money.ts';
import { ATTRIBUTE, RPC_SYSTEM_GRPC } from '../telemetry/attributes.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Logger } from '../telemetry/logger.ts';
import { extractTraceContext, traceIds } from '../telemetry/propagation.ts';

export interface RpcTelemetryDeps {
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly instruments: Pick<Instruments, 'rpcServerCallDuration'>;
  readonly clock: Clock;
}

/** How an RPC ended. */
export interface RpcOutcome {
  /** Absent: OK. */
  readonly error?: ProviderError | undefined;
  readonly record: CallRecord;
  readonly lastSequence: number;
  /** Name of the caller, for the log. Absent: nobody knows. */
  readonly caller?: string | undefined;
}

/** The span, the duration and the log line of one RPC. */
export interface RpcTrace {
  /** Holds the span: the parent of what the RPC does. */
  readonly context: Context;
  readonly traceId: string;
  /** The caller has the status. */
  end(outcome: RpcOutcome): void;
  /** To be called after `end`, once all that the log tells is in the record. */
  log(outcome: RpcOutcome): void;
}

/** Who called, and whom. */
export interface CallAddresses {
  /** `127.0.0.1:40112`, `[::1]:40112`; anything else on a unix socket. */
  getPeer(): string;
  /** The `:authority` that the caller wrote. */
  getHost(): string;
}

function addressAttributes(addresses: CallAddresses): Attributes {
  const peer = hostAndPort(addresses.getPeer());
  const server = hostAndPort(addresses.getHost());
  return {
    ...(peer && {
      [ATTRIBUTE.networkPeerAddress]: peer.host,
      [ATTRIBUTE.networkPeerPort]: peer.port,
    }),
    ...(server && { [ATTRIBUTE.serverAddress]: server.host, [ATTRIBUTE.serverPort]: server.port }),
  };
}

function hostAndPort(address: string): { host: string; port: number } | undefined {
  const [, host, port] = /^\[?(.{1,255}?)\]?:(\d{1,5})$/.exec(address) ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

type Code = CanonicalCode | 'OK';

/** The codes that mean, on a server's span, that the server failed rather than its caller. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

export function isServerFault(code: string): boolean {
  return SERVER_FAULTS.has(code);
}

/** The codes that no operator has to look at. */
const UNREMARKABLE: ReadonlySet<Code> = new Set([
  'OK',
  'CANCELLED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'DEADLINE_EXCEEDED',
]);

/**
 * The reasons whose cause says more and quotes nobody: the upstream's own troubles. What it says of
 * a request that it refused may hold parts of the prompt.
 */
const CAUSE_TELLS: ReadonlySet<ErrorReason> = new Set([
  'NETWORK_ERROR',
  'SERVICE_UNAVAILABLE',
  'PROVIDER_ERROR',
]);

/** Bad fields that are logged, and of each so many characters. */
const MAX_FIELDS = 16;
const MAX_FIELD = 128;

/**
 * Opens the span of an RPC, as a child of the caller's where its metadata names one.
 *
 * @param method full name without a leading slash: `tamma.provider.v1.IAIProvider/SendMessage`.
 * @param lookup reads the call's metadata.
 */
export function startRpcTrace(
  deps: RpcTelemetryDeps,
  method: string,
  callId: string,
  lookup: (key: string) => string | undefined,
  addresses?: CallAddresses,
): RpcTrace {
  const caller = extractTraceContext(lookup);
  const identity = { [ATTRIBUTE.rpcSystemName]: RPC_SYSTEM_GRPC, [ATTRIBUTE.rpcMethod]: method };
  const span = deps.tracer.startSpan(
    method,
    { kind: SpanKind.SERVER, attributes: identity },
    caller,
  );
  if (addresses && span.isRecording()) span.setAttributes(addressAttributes(addresses));
  const context = trace.setSpan(caller, span);
  const { traceId, spanId } = traceIds(context);
  let durationMs = 0;
  return {
    context,
    traceId,
    end({ error, record }) {
      const code = codeOf(error);
      const failed = SERVER_FAULTS.has(code);
      const result: Attributes = {
        [ATTRIBUTE.rpcStatusCode]: code,
        ...(failed ? { [ATTRIBUTE.errorType]: code } : {}),
      };
      span.setAttributes(result);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      durationMs = deps.clock.now() - record.startedAt;
      deps.instruments.rpcServerCallDuration.record(
        durationMs / 1000,
        { ...identity, ...result },
        context,
      );
    },
    log(outcome) {
      logRpc(deps.logger, outcome, {
        call_id: callId,
        method,
        caller: outcome.caller,
        code: codeOf(outcome.error),
        duration_ms: Math.round(durationMs),
        trace_id: traceId,
        span_id: spanId,
      });
    },
  };
}

function codeOf(error: ProviderError | undefined): Code {
  return error?.kind.code ?? 'OK';
}

/** One line per RPC. What was asked and answered is never part of it. */
function logRpc(
  logger: Logger,
  { error, record, lastSequence }: RpcOutcome,
  identity: { readonly code: Code } & Readonly<Record<string, unknown>>,
): void {
  const fields = {
    ...identity,
    reason: error?.reason,
    ...(error && failureOf(error)),
    ...factsOf(record),
    last_sequence: lastSequence,
  };
  if (error?.reason === 'INTERNAL') {
    logger.error({ ...fields, err: error.facts.cause ?? error }, 'call failed');
  } else if (UNREMARKABLE.has(identity.code) || error?.kind.severity === 'low') {
    logger.info(fields, error === undefined ? 'call answered' : 'call failed');
  } else {
    logger.warn({ ...fields, err: error && telling(error) }, 'call failed');
  }
}

/** What the failure was about, in identifiers and numbers: neither the upstream's words nor a prompt. */
function failureOf({ facts }: ProviderError) {
  const { upstreamStatus, upstreamError, fieldViolations, budget } = facts;
  return {
    upstream_error: upstreamError && { status: upstreamStatus, ...upstreamError },
    fields: fieldViolations?.slice(0, MAX_FIELDS).map(({ field }) => field.slice(0, MAX_FIELD)),
    budget: budget?.name,
    budget_subject: budget?.subject || undefined,
  };
}

function factsOf(record: CallRecord) {
  const { startedAt, firstOutputAt, usage, cost, failedAttempts, attemptLog } = record;
  const last = attemptLog.at(-1);
  return {
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

/** The cause of an upstream's failure, if it may stand in the log. */
function telling({ reason, facts }: ProviderError): unknown {
  // What broke off a stream is what its cause says.
  if (reason === 'STREAM_INTERRUPTED') return telling(ProviderError.from(facts.cause));
  return CAUSE_TELLS.has(reason) ? facts.cause : undefined;
}
