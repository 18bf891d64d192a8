import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { LoopTurns } from '../../core/loop-turns.ts';

/** How long a call may take, in ms, above 0. */
export interface DeadlineLimits {
  /** For a call that brings no deadline. */
  readonly defaultMs: number;
  /** A deadline further away is cut to it. At most 2^31-1. */
  readonly maxMs: number;
}

/** What ends one call, whoever wants it ended. */
export interface CallSignal {
  /** Its reason is always a ProviderError. */
  readonly signal: AbortSignal;
  /** Epoch ms, by the clock, at which the signal aborts by itself; Infinity if it never does. */
  readonly deadline: number;
  abort(reason: ProviderError): void;
  /** Has `listener` called when the signal aborts, for less than a listener of its own costs. One at a time; undefined: nobody. */
  watch(listener: (() => void) | undefined): void;
  /** Lets go of the call and the clock. To be called when the call is settled. */
  release(): void;
}

/** The part of a gRPC call, of whichever kind, that tells when it ends. */
export interface EndableCall {
  getDeadline(): Date | number;
  on(event: 'cancelled', listener: () => void): unknown;
  off(event: 'cancelled', listener: () => void): unknown;
}

/**
 * How much earlier than the caller's deadline the signal aborts, as a share of the time left and in ms: the
 * status must be there before grpc-js, or the caller's own timer, ends the call without details. Of very
 * short deadlines it takes no more than half.
 */
const GUARD = { share: 0.05, minMs: 20, maxMs: 100, maxShare: 0.5 } as const;

/**
 * Calls that are ended in one turn of the event loop because their callers went away: a connection that breaks
 * brings the end of all of its calls in one go.
 */
const ends = new LoopTurns(32);

/**
 * One signal of the caller's cancel, the deadline, and whatever `abort` brings.
 *
 * Without `limits` only a deadline of the caller's own counts.
 */
export function createCallSignal(
  call: EndableCall,
  clock: Clock,
  limits?: DeadlineLimits,
): CallSignal {
  const controller = new AbortController();
  const { signal } = controller;
  let watcher: (() => void) | undefined;
  const abort = (reason: ProviderError): void => {
    if (signal.aborted) return;
    controller.abort(reason);
    watcher?.();
  };
  // grpc-js reads its deadlines off Date, which an administrator may set while the process runs.
  const askedMs = Number(call.getDeadline()) - Date.now();
  const allowedMs = allowed(askedMs, limits);
  const deadline = clock.now() + allowedMs;
  const expire = (): void => abort(new ProviderError('DEADLINE_EXCEEDED'));
  let timer: Timer | undefined;
  if (allowedMs <= 0) expire();
  else if (allowedMs < Infinity) timer = clock.after(allowedMs, expire);

  // grpc-js emits it at the end of every call: one that ended well has released the signal by then.
  // Its own deadline timer cancels too, and may be first if the process was busy.
  const onCancelled = (): void => {
    const late = clock.now() >= deadline;
    ends.run(() => abort(new ProviderError(late ? 'DEADLINE_EXCEEDED' : 'CANCELLED')));
  };
  call.on('cancelled', onCancelled);

  return {
    signal,
    deadline,
    abort,
    watch(listener) {
      watcher = listener;
    },
    release() {
      timer?.cancel();
      call.off('cancelled', onCancelled);
    },
  };
}

/**
 * Time until the signal aborts. When a caller's deadline passes, grpc-js answers by itself and
 * without details: the guard makes us earlier.
 */
function allowed(askedMs: number, limits: DeadlineLimits | undefined): number {
  if (askedMs === Infinity) return limits?.defaultMs ?? Infinity;
  const wanted = Math.min(Math.max(askedMs * GUARD.share, GUARD.minMs), GUARD.maxMs);
  const guardMs = Math.min(wanted, askedMs * GUARD.maxShare);
  return Math.min(askedMs - guardMs, limits?.maxMs ?? Infinity);
}
