import type { Call, Stage } from '../../core/call.ts';
import { ownOf } from '../../core/name-pattern.ts';
import { recoveryOf } from '../../core/party.ts';
import { type HedgeDeps, HedgedAttempt } from './hedged-attempt.ts';
import type { HedgeOptions, HedgeRule } from './options.ts';

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

/**
 * Finds what holds for an attempt of a call; undefined: no second one is made beside it. None for what
 * nobody waits for, for an answer that is stored upstream so that it can go on, for tools that the upstream
 * runs, which would run twice, and none once the call has had one.
 */
function ruleOf(options: HedgeOptions): (call: Call) => HedgeRule | undefined {
  const find = ownOf(options.models);
  return (call) => {
    const { background, keeps, request, alternatives, record } = call;
    if (background || record.hedge !== undefined) return undefined;
    // Calls that share one may ask for less than what it was prepared for.
    if (keeps || recoveryOf(call) === 'resume') return undefined;
    if (request.hostedTools !== undefined && request.hostedTools.length > 0) return undefined;
    const { after, to } = { ...options, ...find(call) };
    if (after === 'off' || (to === 'chain' && alternatives.length === 0)) return undefined;
    return { after, to };
  };
}
