import type { Stage } from '../../core/call.ts';
import type { Router } from './router.ts';

/**
 * The cheapest refusal, before anything is spent on the call: finds where it may be answered,
 * validates it and prepares it for the first of these places.
 */
export function prepare(router: Pick<Router, 'first'>): Stage {
  return (next) => async (call, emit) => {
    const prepared = router.first(call);
    // A promise that is returned as it is takes two turns of the microtask queue more.
    return await next(prepared, emit);
  };
}
