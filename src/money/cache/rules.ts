import type { Call } from '../../core/call.ts';
import { ownOf } from '../../core/name-pattern.ts';
import type { CacheRule, ResponseCacheOptions } from './options.ts';

/** Whether any call uses the cache without asking for it. */
export function isUsed({ enabled, models, tasks }: ResponseCacheOptions): boolean {
  return enabled || [...models, ...Object.values(tasks)].some((own) => own.enabled === true);
}

/** Finds what holds for a call: what its task says, else what its model says, else what holds for all. */
export function ruleOf(options: ResponseCacheOptions): (call: Call) => CacheRule {
  const find = ownOf(options.models);
  const { tasks } = options;
  return (call) => {
    const { taskType } = call.request;
    const task = taskType && tasks[taskType];
    const found = find(call);
    return found === undefined && task === undefined ? options : { ...options, ...found, ...task };
  };
}
