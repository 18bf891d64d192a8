import { Metadata, status } from '@grpc/grpc-js';
import type { Context } from '@opentelemetry/api';
import { type CallRecord, newCallRecord } from '../../core/call-record.ts';
import type { Caller } from '../../core/caller.ts';
import { ERROR_KINDS } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import { callerOf } from '../arrivals/door.ts';
import type { RunningCalls } from '../arrivals/overload.ts';
import { toStatus } from '../errors/status.ts';
import { callStream, type EndingCall, forgetAtEnd } from '../listener/call-stream.ts';
import type { EndedCall } from '../page/ended-call.ts';
import {
  type CallAddresses,
  type RpcTelemetryDeps,
  type RpcTrace,
  startRpcTrace,
} from '../telemetry/rpc-telemetry.ts';
import type { ActiveCall, ActiveCalls } from './active-calls.ts';
import { createCallSignal, type DeadlineLimits, type EndableCall } from './call-signal.ts';
import { untilEnded, untilUnwound } from './unwind.ts';

export interface RpcDeps extends RpcTelemetryDeps {
  readonly newId: () => string;
  readonly calls: ActiveCalls;
  readonly deadlines: DeadlineLimits;
  /** Time a caller has to read on, in ms. */
  readonly stallMs: number;
  /** While it says true every call is refused with SHUTTING_DOWN. */
  readonly draining: () => boolean;
  /** Throws what a call that answers a conversation is refused with, given those that run. */
  readonly admit: (running: RunningCalls) => void;
  /** Told of each RPC that answers a conversation, when all of it is in its record. */
  readonly onCall?: ((call: EndedCall) => void) | undefined;
  /** Told after each RPC. */
  readonly onSettled: () => void;
}

/** What an RPC's implementation gets beside the request. */
export interface RpcCall {
  readonly id: string;
  /** The headers of the call. */
  readonly metadata: Metadata;
  /** Undefined: callers are not authenticated. */
  readonly caller: Caller | undefined;
  /** Whatever tells connections apart. */
  readonly connection: object;
  readonly context: Context;
  readonly signal: AbortSignal;
  /** Epoch ms; Infinity if the call may take for ever. */
  readonly deadline: number;
  /** To be filled with what becomes known of the call. */
  readonly record: CallRecord;
  /** Ends the call through its signal. */
  abort(reason: ProviderError): void;
}

export interface RpcOptions {
  /** The RPC answers a conversation, so it counts among the active calls. */
  readonly answers?: true;
  /** The RPC is work that the overload guard counts, and refuses. Default: what answers is. */
  readonly heavy?: true;
  /** The RPC may run for ever: no deadline but the caller's own applies, and no limit to that. */
  readonly unlimited?: true;
}

type StatusReply = ReturnType<typeof toStatus>;

/** One RPC, whatever its shape. */
export interface OneRpc {
  readonly method: string;
  readonly call: EndableCall & EndingCall & CallAddresses & { readonly metadata: Metadata };
  readonly options: RpcOptions;
  /** Produces the answer; sends OK when it is complete. */
  answer(rpc: RpcCall): Promise<void>;
  /** Sends the status of a call that failed. */
  fail(reply: StatusReply): void;
  lastSequence(): number;
}

/** What is left to say when even the error cannot be put into words. */
const LAST_RESORT = { code: status.INTERNAL, details: ERROR_KINDS.INTERNAL.message };

/**
 * Takes RPCs from their arrival to their status. Whatever an answer does, the call gets exactly one status,
 * one span, one duration and one log line.
 */
export class RpcLifecycle {
  readonly #deps: RpcDeps;

  constructor(deps: RpcDeps) {
    this.#deps = deps;
  }

  /** Sees the call to its end, whatever the answer does. */
  async run(one: OneRpc): Promise<void> {
    const { calls, clock, newId, deadlines, onSettled } = this.#deps;
    const { call, method, options } = one;
    const record = newCallRecord(clock.now());
    const id = newId();
    const answers = options.answers ?? false;
    const caller = callerOf(call);
    const trace = startRpcTrace(
      this.#deps,
      { method, callId: id, caller: caller?.name, answers },
      (key) => firstText(call.metadata, key),
      call,
    );
    const ending = createCallSignal(call, clock, options.unlimited ? undefined : deadlines);
    const heavy = options.answers ?? options.heavy ?? false;
    const session = callStream(call)?.session;
    const connection = session ?? call;
    const { abort } = ending;
    const active: ActiveCall = { answers, heavy, connection, abort, place: undefined };
    const running = { all: calls.heavy, ofConnection: calls.heavyOf(connection) };
    calls.add(active);
    const rpc: RpcCall = {
      id,
      metadata: call.metadata,
      caller,
      connection,
      context: trace.context,
      signal: ending.signal,
      deadline: ending.deadline,
      record,
      abort: ending.abort,
    };
    let work: Promise<void> | undefined;
    let error: ProviderError | undefined;
    try {
      // A connection that was told to go brings no new calls: what arrives over it had begun before.
      const mayBeNew = session?.closed !== true;
      if (mayBeNew && this.#deps.draining()) throw new ProviderError('SHUTTING_DOWN');
      if (heavy) this.#deps.admit(running);
      rpc.signal.throwIfAborted();
      work = one.answer(rpc);
      await untilUnwound(work, ending, clock);
    } catch (thrown) {
      error = ProviderError.from(thrown);
    } finally {
      ending.release();
      if (error !== undefined) this.#fail(one, error, rpc, trace);
      calls.answered(active);
    }
    const lastSequence = one.lastSequence();
    const outcome = { error, record, lastSequence };
    this.#guard(() => trace.end(outcome));
    if (error !== undefined && work !== undefined) await untilEnded(work, clock);
    calls.remove(active);
    this.#guard(() => trace.log(outcome));
    if (answers) {
      const { traceId } = trace;
      const ended = { id, traceId, method, endedAt: clock.now(), record, error };
      this.#guard(() => this.#deps.onCall?.(ended));
    }
    forgetAtEnd(call);
    this.#guard(onSettled);
  }

  #fail(one: OneRpc, error: ProviderError, rpc: RpcCall, trace: RpcTrace): void {
    // Nobody is there to be told, and to put it into words is most of what the end of a call takes.
    if (one.call.cancelled) return;
    const facts = {
      callId: rpc.id,
      traceId: trace.traceId,
      record: rpc.record,
      lastSequence: one.lastSequence(),
    };
    const sent = this.#guard(() => one.fail(toStatus(error, facts)));
    if (!sent) this.#guard(() => one.fail({ ...LAST_RESORT, metadata: new Metadata() }));
  }

  /** Runs what must not keep the call from its end; false if it threw. */
  #guard(step: () => void): boolean {
    try {
      step();
      return true;
    } catch (thrown) {
      this.#deps.logger.error({ err: thrown }, 'a call could not be wound up properly');
      return false;
    }
  }
}

function firstText(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
}
