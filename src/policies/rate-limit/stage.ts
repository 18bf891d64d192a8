import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { noteWait } from '../../core/note-wait.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { RateLimiters } from './limiters.ts';
import type { Permit } from './permit.ts';

export interface RateLimitDeps {
  readonly instruments: Pick<Instruments, 'queueDuration'>;
}

/**
 * Keeps attempts within what the upstream takes of this model: they wait for their turn, or are
 * refused with RATE_LIMIT_EXCEEDED where waiting is in vain. Per attempt, inside of retry: the
 * upstream counts every one. An attempt that need not wait is not held up by as much as a promise.
 */
export function rateLimit(limiters: RateLimiters, deps: RateLimitDeps): Stage {
  return (next) => {
    if (!limiters.enabled) return next;
    return (call, emit) => limited(next, call, emit, limiters, deps);
  };
}

async function limited(
  next: Handler,
  call: Call,
  emit: Emit,
  limiters: RateLimiters,
  { instruments }: RateLimitDeps,
): Promise<Completed> {
  const admitted = limiters.limiter(call.target.model.id).admit(call);
  const permit = admitted instanceof Promise ? await admitted : admitted;
  const { waitedFor, waitedMs, at } = permit.admission;
  // Nothing held it back while its prompt was counted.
  if (waitedFor === undefined) call.record.queuedMs += waitedMs;
  else noteWait(call, { waitedFor, waitedMs, since: at - waitedMs }, instruments);
  const pass: Emit = (event) => {
    permit.firstEvent();
    emit(event);
  };
  let error: ProviderError;
  try {
    const completed = await next(withListener(call, permit), pass);
    permit.complete(completed);
    return completed;
  } catch (thrown) {
    error = ProviderError.from(thrown);
    permit.fail(error);
  } finally {
    permit.release();
  }
  throw believable(error, call, limiters, permit.key);
}

/**
 * So that nobody waits for a limit longer than this process holds attempts back for it, or fails for a wait that is
 * likely to be wrong. Who has somewhere else to go is told enough to go there.
 */
function believable(
  error: ProviderError,
  call: Call,
  limiters: RateLimiters,
  key: number,
): ProviderError {
  const { maxHoldMs } = limiters;
  const { reason, facts } = error;
  if (reason !== 'RATE_LIMIT_EXCEEDED') return error;
  const { retryAfterMs = 0, ...others } = facts;
  if (call.alternatives.length > 0) {
    if (retryAfterMs <= maxHoldMs) return error;
    return new ProviderError(reason, { ...others, retryAfterMs: maxHoldMs });
  }
  const limiter = limiters.limiter(call.target.model.id);
  if (retryAfterMs <= maxHoldMs && !limiter.isWrongFor(call, key, retryAfterMs)) return error;
  const { heldMs } = limiter;
  return new ProviderError(reason, { ...others, ...(heldMs > 0 && { retryAfterMs: heldMs }) });
}

/** The call with the key that it was admitted with. */
function withListener(call: Call, permit: Permit): Call {
  return {
    ...call,
    key: permit.key,
    onHeadroom: (headroom) => {
      permit.reported(headroom);
      call.onHeadroom(headroom);
    },
  };
}
