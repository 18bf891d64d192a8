import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import { ATTRIBUTE, RPC_SYSTEM_GRPC } from '../telemetry/attributes.ts';
import type { CallEvents } from '../telemetry/call-events.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import { Kept } from '../telemetry/kept.ts';
import { extractTraceContext, traceIds } from '../telemetry/propagation.ts';
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

/** Of durations; there are few methods, and codes. */
const durations = new Kept<Attributes>();

/** The server's span of an RPC, and what it is told apart by. @param caller whose child it is */
export function startRpcSpan(tracer: Tracer, method: string, caller: Context) {
  const identity = { [ATTRIBUTE.rpcSystemName]: RPC_SYSTEM_GRPC, [ATTRIBUTE.rpcMethod]: method };
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: identity }, caller);
  return { span, identity };
}

/** Ends it. Returns what its code says, for the duration. */
export function endRpcSpan(span: Span, code: string): Attributes {
  const failed = SERVER_FAULTS.has(code);
  const result: Attributes = {
    [ATTRIBUTE.rpcStatusCode]: code,
    ...(failed ? { [ATTRIBUTE.errorType]: code } : {}),
  };
  span.setAttributes(result);
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  return result;
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
  const { span, identity } = startRpcSpan(deps.tracer, method, caller);
  if (addresses && span.isRecording()) span.setAttributes(addressAttributes(addresses));
  const context = trace.setSpan(caller, span);
  const { traceId, spanId } = traceIds(context);
  const ids = { trace_id: traceId, span_id: spanId };
  const told = { call_id: callId, method, caller: name };
  const events = answers ? deps.callEvents : undefined;
  events?.tell('started', 'info', { ...told, ...ids }, context);
  let durationMs = 0;
  return {
    context,
    traceId,
    end({ error, record }) {
      const code = codeOf(error);
      const result = endRpcSpan(span, code);
      durationMs = deps.clock.now() - record.startedAt;
      const attributes = durations.get(`${method}|${code}`, () =>
        Object.freeze({ ...identity, ...result }),
      );
      deps.instruments.rpcServerCallDuration.record(durationMs / 1000, attributes, context);
    },
    log(outcome) {
      const code = codeOf(outcome.error);
      const fields = { ...told, code, duration_ms: Math.round(durationMs), ...ids };
      logCall(
        deps,
        outcome,
        fields,
        events && ((event, severity, all) => events.tell(event, severity, all, context)),
      );
    },
  };
}
