import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { ATTRIBUTE, RPC_SYSTEM_GRPC } from '../../telemetry/attributes.ts';
import type { CallEvents } from '../../telemetry/call-events.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { Kept } from '../../telemetry/kept.ts';
import { extractTraceContext, traceIds } from '../../telemetry/propagation.ts';
import { type CallLogDeps, codeOf, logCall, type RpcOutcome } from './call-log.ts';

export interface RpcTelemetryDeps extends CallLogDeps {
  readonly tracer: Tracer;
  readonly instruments: Pick<Instruments, 'rpcServerCallDuration'>;
  readonly callEvents?: Pick<CallEvents, 'tell'>;
  readonly clock: Clock;
}

export interface RpcIdentity {
  /** Full name without a leading slash: `tamma.provider.v1.IAIProvider/SendMessage`. */
  readonly method: string;
  readonly callId: string;
  /** Name of the caller. Absent: nobody knows. */
  readonly caller?: string | undefined;
  /** It answers a conversation, so there are events of it. Default false. */
  readonly answers?: boolean;
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

/** The codes that mean, on a server's span, that the server failed rather than its caller. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** What is told of all RPCs of one method. */
interface MethodSets {
  readonly span: SpanOptions;
  /** By the code. */
  readonly durations: Kept<Attributes>;
}

const methods = new Kept<MethodSets>();

function setsOf(method: string): MethodSets {
  return methods.get(method, () => {
    const attributes = identityOf(method);
    return { span: { kind: SpanKind.SERVER, attributes }, durations: new Kept() };
  });
}

function identityOf(method: string): Attributes {
  return { [ATTRIBUTE.rpcSystemName]: RPC_SYSTEM_GRPC, [ATTRIBUTE.rpcMethod]: method };
}

/** The server's span of an RPC. @param caller whose child it is */
export function startRpcSpan(tracer: Tracer, method: string, caller: Context): Span {
  return tracer.startSpan(method, setsOf(method).span, caller);
}

/** Ends it. @returns what its duration is measured with */
export function endRpcSpan(span: Span, method: string, code: string): Attributes {
  const failed = SERVER_FAULTS.has(code);
  if (span.isRecording()) {
    span.setAttributes(resultOf(code, failed));
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
  return setsOf(method).durations.get(code, () =>
    Object.freeze({ ...identityOf(method), ...resultOf(code, failed) }),
  );
}

function resultOf(code: string, failed: boolean): Attributes {
  return { [ATTRIBUTE.rpcStatusCode]: code, ...(failed ? { [ATTRIBUTE.errorType]: code } : {}) };
}

/**
 * Opens the span of an RPC, as a child of the caller's where its metadata names one.
 *
 * @param lookup reads the call's metadata.
 */
export function startRpcTrace(
  deps: RpcTelemetryDeps,
  { method, callId, caller: name, answers = false }: RpcIdentity,
  lookup: (key: string) => string | undefined,
  addresses?: CallAddresses,
): RpcTrace {
  const caller = extractTraceContext(lookup);
  const span = startRpcSpan(deps.tracer, method, caller);
  if (addresses && span.isRecording()) span.setAttributes(addressAttributes(addresses));
  const context = trace.setSpan(caller, span);
  const { traceId, spanId } = traceIds(context);
  const events = answers ? deps.callEvents : undefined;
  const begun = { call_id: callId, method, caller: name, trace_id: traceId, span_id: spanId };
  events?.tell('started', 'info', begun, context);
  let durationMs = 0;
  return {
    context,
    traceId,
    end({ error, record }) {
      const attributes = endRpcSpan(span, method, codeOf(error));
      durationMs = deps.clock.now() - record.startedAt;
      deps.instruments.rpcServerCallDuration.record(durationMs / 1000, attributes, context);
    },
    log(outcome) {
      const fields = {
        call_id: callId,
        method,
        caller: name,
        code: codeOf(outcome.error),
        duration_ms: Math.round(durationMs),
        trace_id: traceId,
        span_id: spanId,
      };
      logCall(
        deps,
        outcome,
        fields,
        events && ((event, severity, all) => events.tell(event, severity, all, context)),
      );
    },
  };
}
