import type { Stage } from '../../core/call.ts';
import { type HedgeDeps, HedgedAttempt } from './hedged-attempt.ts';
import type { HedgeOptions } from './options.ts';
import { ruleOf } from './rules.ts';

/**
 * Makes a second attempt beside one that is silent for long, at the call's next route or at the same
 * target. The first output wins; the other attempt is stopped at once, and its cost is booked. Inside of
 * retry, and outside of all that an attempt has to pass: the second one passes it too, where it is made.
 */
export function hedge(options: HedgeOptions, deps: HedgeDeps): Stage {
  const rules = [options, ...options.models];
  if (rules.every(({ after = 'off' }) => after === 'off')) return (next) => next;
  const find = ruleOf(options);
  return (next) => (call, emit) => {
    const rule = find(call);
    if (rule === undefined) return next(call, emit);
    return new HedgedAttempt(rule, deps, { next, call, emit }).run();
  };
}
