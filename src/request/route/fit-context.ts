import type { Stage } from '../../core/call.ts';
import type { Router } from './router.ts';

/**
 * Makes sure that the conversation fits the model's context window, as the request's context policy
 * says: leaves messages out, goes on to a route whose model takes more, or refuses the call with
 * CONTEXT_TOO_LONG. Most conversations are so short that nothing has to be counted, and pass
 * untouched.
 */
export function fitContext(router: Pick<Router, 'fit'>): Stage {
  return (next) => (call, emit) => {
    const fitted = router.fit(call);
    return fitted instanceof Promise
      ? fitted.then((fitting) => next(fitting, emit))
      : next(fitted, emit);
  };
}
