import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Completed } from '../../core/events.ts';
import { replay } from './replay.ts';
import type { ResponseCache } from './response-cache.ts';

const NOT_CONFIGURED =
  'The response cache is not configured for it (cache.enabled), so this answer neither came from it nor stands in it.';

const NOT_TAKEN =
  'The response cache takes calls of temperature 0 alone (cache.deterministicOnly), so this answer neither came from it nor stands in it.';

/**
 * Answers calls from the response cache as their cache policy and the configuration say, and names to the
 * others the key under which their answer may be left. Whoever asks for the cache and cannot have it is
 * told so in `started`.
 *
 * @param cache absent: it is not configured
 */
export function responseCache(cache: ResponseCache | undefined): Stage {
  return (next) => (call, emit) => {
    const { mode } = call.asked.cache ?? {};
    if (mode === 'bypass') return next(call, emit);
    const telling = (warning: string) => (mode === undefined ? emit : withWarning(emit, warning));
    if (cache === undefined || !cache.isFor(call)) return next(call, telling(NOT_CONFIGURED));
    // A conversation or a model that sent it elsewhere before: what answers is a fallback.
    if (call.left !== undefined) return next(call, emit);
    if (!cache.takes(call)) return next(call, telling(NOT_TAKEN));
    return throughCache(next, call, emit, cache);
  };
}

async function throughCache(
  next: Handler,
  call: Call,
  emit: Emit,
  cache: ResponseCache,
): Promise<Completed> {
  const key = cache.keyOf(call);
  const found = await cache.find(key, call);
  if (found !== undefined) {
    return { ...(await replay(found, call, emit)), cached: true, cacheKey: key };
  }
  return next({ ...call, answerKey: key }, emit);
}

/** At the very end: a fallback replaces the warnings of its call. */
function withWarning(emit: Emit, warning: string): Emit {
  return (event) =>
    emit(event.type === 'started' ? { ...event, warnings: [...event.warnings, warning] } : event);
}

/** Leaves the answers of calls in the cache that use it and were not answered from it. */
export function keepAnswer(cache: ResponseCache | undefined): Stage {
  return (next) => (call, emit) =>
    cache === undefined || call.answerKey === undefined
      ? next(call, emit)
      : keeping(next, call, emit, cache.open(call.answerKey, call));
}

async function keeping(
  next: Handler,
  call: Call,
  emit: Emit,
  pending: ReturnType<ResponseCache['open']>,
): Promise<Completed> {
  const completed = await next(call, (event) => {
    pending.recorder.see(event);
    emit(event);
  });
  const kept = pending.keep(completed);
  return kept === undefined ? completed : { ...completed, cacheKey: kept };
}
