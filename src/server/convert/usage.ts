import type { Timings } from '../../core/events.ts';
import type { Usage } from '../../core/usage.ts';
import type * as wire from '../../gen/tamma/provider/v1/usage.ts';
import { toCount } from './count.ts';
import { toDuration } from './time.ts';

export function toWireUsage(usage: Usage): wire.Usage {
  return {
    inputTokens: toCount(usage.inputTokens),
    outputTokens: toCount(usage.outputTokens),
    totalTokens: toCount(usage.totalTokens),
    cacheReadTokens: toCount(usage.cacheReadTokens),
    cacheWriteTokens: toCount(usage.cacheWriteTokens),
    reasoningTokens: toCount(usage.reasoningTokens),
    estimated: usage.estimated,
    toolCalls: { ...usage.toolCalls },
  };
}

export function toWireTimings(timings: Timings): wire.Timings {
  const { queueMs, backoffMs, timeToFirstTokenMs, totalMs } = timings;
  return {
    queue: toDuration(queueMs),
    timeToFirstToken: timeToFirstTokenMs === undefined ? undefined : toDuration(timeToFirstTokenMs),
    total: toDuration(totalMs),
    backoff: toDuration(backoffMs),
  };
}
