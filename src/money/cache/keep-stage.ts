import type { Stage } from '../../core/call.ts';
import type { ResponseCache } from './response-cache.ts';

/** Leaves the answers of calls in the cache that use it and were not answered from it. */
export function keepAnswer(cache: ResponseCache | undefined): Stage {
  return (next) => async (call, emit) => {
    const { answerKey } = call;
    if (cache === undefined || answerKey === undefined) return next(call, emit);
    const pending = cache.open(answerKey, call);
    const completed = await next(call, (event) => {
      pending.recorder.see(event);
      emit(event);
    });
    const kept = pending.keep(completed);
    return kept === undefined ? completed : { ...completed, cacheKey: kept };
  };
}
