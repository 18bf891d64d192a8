import type { Usage } from '../core/events.ts';
import { type JsonRecord, recordOf } from './json-record.ts';

/** Counts are int32 on the wire. */
const MAX_COUNT = 2 ** 31 - 1;

/** Where an API puts its counts. */
interface UsageNames {
  readonly input: string;
  readonly inputDetails: string;
  readonly output: string;
  readonly outputDetails: string;
}

const CHAT: UsageNames = {
  input: 'prompt_tokens',
  inputDetails: 'prompt_tokens_details',
  output: 'completion_tokens',
  outputDetails: 'completion_tokens_details',
};

const RESPONSES: UsageNames = {
  input: 'input_tokens',
  inputDetails: 'input_tokens_details',
  output: 'output_tokens',
  outputDetails: 'output_tokens_details',
};

/** The `usage` of a Chat Completions chunk. */
export function toUsage(raw: unknown): Usage {
  return readUsage(raw, CHAT);
}

/** The `usage` of a Responses answer. */
export function toResponsesUsage(raw: unknown): Usage {
  return readUsage(raw, RESPONSES);
}

/**
 * The token counts of an answer, as far as they can be believed: a count that
 * is negative, fractional, not a number or greater than the whole it is part of reads 0, and so does
 * a missing main count; `estimated` is then set. Absent details are 0 and no cause for doubt: many
 * compatible servers have none.
 */
function readUsage(raw: unknown, names: UsageNames): Usage {
  const usage = recordOf(raw);
  const input = recordOf(usage[names.inputDetails]);
  const output = recordOf(usage[names.outputDetails]);
  let doubtful = false;

  const count = (from: JsonRecord, name: string, most: number): number => {
    const value = from[name] ?? 0;
    if (isCount(value) && value <= most) return value;
    doubtful = true;
    return 0;
  };

  const inputTokens = count(usage, names.input, MAX_COUNT);
  const outputTokens = count(usage, names.output, MAX_COUNT);
  count(usage, 'total_tokens', MAX_COUNT);
  const details = {
    cacheReadTokens: count(input, 'cached_tokens', inputTokens),
    cacheWriteTokens: count(input, 'cache_write_tokens', inputTokens),
    reasoningTokens: count(output, 'reasoning_tokens', outputTokens),
  };
  const complete = usage[names.input] != null && usage[names.output] != null;
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
