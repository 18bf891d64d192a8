import type { Completed, MessageResponse } from '../../../src/provider/events.ts';

/** The end of an answer that failed once, in the domain and on the wire. */
export const completed: Completed = {
  type: 'completed',
  finishReason: 'tool_calls',
  rawFinishReason: 'tool_calls',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a": 1}' }],
  usage: {
    inputTokens: 10,
    outputTokens: 2 ** 40,
    totalTokens: 2 ** 40 + 10,
    cacheReadTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
    estimated: true,
  },
  model: 'gpt-5-2025-08-07',
  attempts: 2,
  failedAttempts: [
    {
      attempt: 1,
      model: 'gpt-5',
      reason: 'NETWORK_ERROR',
      upstreamStatus: 502,
      upstreamRequestId: 'req_1',
      durationMs: 20,
    },
    { attempt: 2, model: 'gpt-5', reason: 'TIMEOUT', durationMs: 1000 },
  ],
  timings: { queueMs: 1.5, timeToFirstTokenMs: 30, totalMs: 2000 },
  cached: false,
  serviceTier: 'flex',
  systemFingerprint: 'fp',
};

export const wireCompleted = {
  finishReason: 3,
  rawFinishReason: 'tool_calls',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a": 1}' }],
  usage: {
    inputTokens: 10,
    outputTokens: 2 ** 31 - 1,
    totalTokens: 2 ** 31 - 1,
    cacheReadTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
    estimated: true,
  },
  cost: undefined,
  model: 'gpt-5-2025-08-07',
  attempts: 2,
  failedAttempts: [
    {
      attempt: 1,
      model: 'gpt-5',
      reason: 14,
      upstreamStatus: 502,
      upstreamRequestId: 'req_1',
      duration: { seconds: 0n, nanos: 20_000_000 },
    },
    {
      attempt: 2,
      model: 'gpt-5',
      reason: 15,
      upstreamStatus: 0,
      upstreamRequestId: '',
      duration: { seconds: 1n, nanos: 0 },
    },
  ],
  timings: {
    queue: { seconds: 0n, nanos: 1_500_000 },
    timeToFirstToken: { seconds: 0n, nanos: 30_000_000 },
    total: { seconds: 2n, nanos: 0 },
  },
  cached: false,
  serviceTier: 'flex',
  systemFingerprint: 'fp',
};

const { type: _, ...outcome } = completed;

export const response: MessageResponse = {
  ...outcome,
  id: 'resp_1',
  content: 'text',
  refusal: 'no',
  reasoning: 'because',
  upstreamRequestId: 'req_2',
  effectiveSettings: { model: 'gpt-5', maxTokens: 2 ** 33, temperature: 0, topP: 0.5 },
  warnings: ['careful'],
  metadata: { user_id: 'u' },
};
