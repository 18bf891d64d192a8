import type { Call, Stage } from '../call.ts';
import type { ProviderEvent } from '../events.ts';
import type { Router } from '../route/router.ts';

/**
 * The cheapest refusal, before anything is spent on the call: finds where it may be answered,
 * validates it and prepares it for the first of these places.
 */
export function prepare(router: Pick<Router, 'first'>): Stage {
  return (next) => (call) => {
    let prepared: Call;
    try {
      prepared = router.first(call);
    } catch (refusal) {
      return failing(refusal);
    }
    return next(prepared);
  };
}

/** Fails when it is read, as every handler does. */
function failing(error: unknown): AsyncIterable<ProviderEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
