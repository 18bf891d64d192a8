import type { Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { troubleOf } from '../breaker/upstream-trouble.ts';
import type { UpstreamHealth } from './upstream-health.ts';

/**
 * Notes whether attempts succeed. A refusal of this one request (bad field, unknown model, rate
 * limit) says nothing against the upstream, and neither does a call that its caller ended.
 */
export function upstreamHealth(deps: { readonly health: UpstreamHealth }): Stage {
  return (next) => async (call, emit) => {
    try {
      const completed = await next(call, emit);
      deps.health.succeeded();
      return completed;
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      if (troubleOf(error, call) !== undefined) deps.health.failed(error);
      throw error;
    }
  };
}
