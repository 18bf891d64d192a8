import type { Usage } from '../events.ts';
import { type JsonRecord, recordOf } from './json-record.ts';

/** Counts are int32 on the wire. */
const MAX_COUNT = 2 ** 31 - 1;

/**
 * The token counts of a chunk's or an answer's `usage`, as far as they can be believed: a count that
 * is negative, fractional, not a number or greater than the whole it is part of reads 0, and so does
 * a missing main count; `estimated` is then set. Absent details are 0 and no cause for doubt: many
 * compatible servers have none.
 */
export function toUsage(raw: unknown): Usage {
  const usage = recordOf(raw);
  const input = recordOf(usage.prompt_tokens_details);
  const output = recordOf(usage.completion_tokens_details);
  let doubtful = false;

  const count = (from: JsonRecord, name: string, most: number): number => {
    const value = from[name] ?? 0;
    if (isCount(value) && value <= most) return value;
    doubtful = true;
    return 0;
  };

  const inputTokens = count(usage, 'prompt_tokens', MAX_COUNT);
  const outputTokens = count(usage, 'completion_tokens', MAX_COUNT);
  count(usage, 'total_tokens', MAX_COUNT);
  const details = {
    cacheReadTokens: count(input, 'cached_tokens', inputTokens),
    cacheWriteTokens: count(input, 'cache_write_tokens', inputTokens),
    reasoningTokens: count(output, 'reasoning_tokens', outputTokens),
  };
  const complete = usage.prompt_tokens != null && usage.completion_tokens != null;
  return {
    inputTokens,
    outputTokens,
    // Always the sum, as the contract says: some servers' totals hold tokens that are in neither.
    totalTokens: Math.min(inputTokens + outputTokens, MAX_COUNT),
    ...details,
    estimated: doubtful || !complete,
  };
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
