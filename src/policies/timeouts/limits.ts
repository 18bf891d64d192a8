import type { Call } from '../../core/call.ts';
import type { TimeoutPhase } from '../../core/errors.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { effectiveEffort } from '../../request/fit/accepts.ts';
import type { TimeoutOptions } from './options.ts';

/** How long each phase of an attempt may take, in ms. */
export type PhaseLimits = Readonly<Record<TimeoutPhase, number>>;

/** Time to think: the headers come at once, the first output when the model is done with it. */
const THINKING_MS = 10 * 60_000;
/** With somewhere else to go, waiting longer costs more than asking there. */
const WITH_ALTERNATIVES_MS = 10_000;
const WITHOUT_ALTERNATIVES_MS = 60_000;

/** Finds the limits of a call's next attempt: the caller's, else the model's, else everybody's. */
export function limitsOf(options: TimeoutOptions): (call: Call) => PhaseLimits {
  const models = options.models.map((own) => ({ own, fits: patternMatcher(own.pattern) }));
  return (call) => {
    const { id } = call.target.model;
    const { own } = models.find(({ fits }) => fits(id) || fits(call.model)) ?? {};
    const firstTokenMs = own?.firstTokenMs ?? options.firstTokenMs;
    return {
      connect: own?.connectMs ?? options.connectMs,
      headers: own?.headersMs ?? options.headersMs,
      first_token:
        call.firstTokenTimeoutMs ??
        (firstTokenMs === 'auto' ? automaticFirstTokenMs(call) : firstTokenMs),
      idle: call.idleTimeoutMs ?? own?.idleMs ?? options.idleMs,
    };
  };
}

function automaticFirstTokenMs({ request, target: { model }, alternatives }: Call): number {
  const thinks = model.reasoning.isReasoning && effectiveEffort(request, model) !== 'none';
  // An answer that is not streamed has its first output when it is complete.
  if (thinks || !model.supports.streaming) return THINKING_MS;
  return alternatives.length > 0 ? WITH_ALTERNATIVES_MS : WITHOUT_ALTERNATIVES_MS;
}
