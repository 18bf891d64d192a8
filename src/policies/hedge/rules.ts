import type { Call } from '../../core/call.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { recoveryOf } from '../../core/party.ts';
import type { HedgeOptions, HedgeRule } from './options.ts';

/**
 * Finds what holds for an attempt of a call; undefined: no second one is made beside it. None for what
 * nobody waits for, for an answer that is stored upstream so that it can go on, for tools that the upstream
 * runs, which would run twice, and none once the call has had one.
 */
export function ruleOf(options: HedgeOptions): (call: Call) => HedgeRule | undefined {
  const models = options.models.map((own) => ({ own, fits: patternMatcher(own.pattern) }));
  return (call) => {
    const { background, request, alternatives, record, target, model } = call;
    if (background || recoveryOf(call) === 'resume' || record.hedge !== undefined) return undefined;
    if (request.hostedTools !== undefined && request.hostedTools.length > 0) return undefined;
    const { own } = models.find(({ fits }) => fits(target.model.id) || fits(model)) ?? {};
    const { after, to } = { ...options, ...own };
    if (after === 'off' || (to === 'chain' && alternatives.length === 0)) return undefined;
    return { after, to };
  };
}
