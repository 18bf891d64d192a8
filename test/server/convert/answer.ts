import type {
  Completed,
  EffectiveSettings,
  MessageResponse,
  Truncation,
} from '../../../src/core/events.ts';

/** The end of an answer that failed once, in the domain and on the wire. */
export const completed: Completed = {
  type: 'completed',
  finishReason: 'tool_calls',
  rawFinishReason: 'tool_calls',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a": 1}' }],
  reasoningItems: [
    { id: 'rs_1', encryptedContent: 'gAAAAB+/==', summary: ['first', ''] },
    { id: '', encryptedContent: 'gAAAAC', summary: [], type: 'compaction' },
  ],
  usage: {
    inputTokens: 10,
    outputTokens: 2 ** 40,
    totalTokens: 2 ** 40 + 10,
    cacheReadTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
    estimated: true,
    toolCalls: { web_search: 2 },
  },
  cost: {
    picoDollars: 1_234_567_891_500n,
    catalogueVersion: '2026-11-01',
    estimated: true,
    unpriced: false,
  },
  model: 'gpt-5-2025-08-07',
  target: 'azure',
  attempts: 2,
  failedAttempts: [
    {
      attempt: 1,
      target: 'default',
      model: 'gpt-5',
      reason: 'NETWORK_ERROR',
      upstreamStatus: 502,
      upstreamRequestId: 'req_1',
      durationMs: 20,
    },
    { attempt: 2, target: 'azure', model: 'gpt-5', reason: 'TIMEOUT', durationMs: 1000 },
  ],
  timings: { queueMs: 1.5, backoffMs: 250, timeToFirstTokenMs: 30, totalMs: 2000 },
  cached: false,
  serviceTier: 'flex',
  systemFingerprint: 'fp',
};

export const wireCompleted = {
  finishReason: 3,
  rawFinishReason: 'tool_calls',
  toolCalls: [{ id: 'c1', name: 'f', arguments: '{"a": 1}', kind: 1, providerData: '' }],
  reasoningItems: [
    { id: 'rs_1', encryptedContent: 'gAAAAB+/==', summary: ['first', ''], type: '' },
    { id: '', encryptedContent: 'gAAAAC', summary: [], type: 'compaction' },
  ],
  usage: {
    inputTokens: 10,
    outputTokens: 2 ** 31 - 1,
    totalTokens: 2 ** 31 - 1,
    cacheReadTokens: 4,
    cacheWriteTokens: 3,
    reasoningTokens: 2,
    estimated: true,
    toolCalls: { web_search: 2 },
  },
  cost: {
    total: { currencyCode: 'USD', units: 1n, nanos: 234_567_892 },
    priceCatalogueVersion: '2026-11-01',
    estimated: true,
    unpriced: false,
    usd: '1.2345678915',
  },
  model: 'gpt-5-2025-08-07',
  target: 'azure',
  attempts: 2,
  failedAttempts: [
    {
      attempt: 1,
      target: 'default',
      model: 'gpt-5',
      reason: 14,
      upstreamStatus: 502,
      upstreamRequestId: 'req_1',
      duration: { seconds: 0n, nanos: 20_000_000 },
    },
    {
      attempt: 2,
      target: 'azure',
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
    backoff: { seconds: 0n, nanos: 250_000_000 },
  },
  cached: false,
  serviceTier: 'flex',
  systemFingerprint: 'fp',
  providerData: '',
  saved: undefined,
  shared: false,
  cacheKey: '',
};

/** What a profile and a context policy did. */
export const settings: EffectiveSettings = {
  model: 'gpt-5',
  maxTokens: 2 ** 33,
  temperature: 0,
  topP: 0.5,
  profile: 'careful',
  taskType: 'code_review',
  api: 'responses',
  systemPromptAdded: true,
};

export const wireSettings = {
  ...settings,
  maxTokens: 2 ** 31 - 1,
  reasoningEffort: '',
  reasoningSummary: '',
  serviceTier: '',
  verbosity: '',
  taskType: 2,
};

/** Of a conversation of which the first turns were left out. */
export const truncation: Truncation = {
  droppedMessages: [0, 1, 5],
  inputTokensBefore: 2 ** 40,
  inputTokensAfter: 900,
};

export const wireTruncation = { ...truncation, inputTokensBefore: 2 ** 31 - 1 };

const { type: _, ...outcome } = completed;

export const response: MessageResponse = {
  ...outcome,
  id: 'resp_1',
  content: 'text',
  commentary: 'on the way',
  annotations: [{ url: 'https://x/y', title: 'Y', start: 2, end: 2 ** 40, kind: 'url_citation' }],
  hostedTools: [
    { type: 'hostedTool', id: 'ws_1', tool: 'web_search', status: 'completed', detail: '{}' },
  ],
  refusal: 'no',
  reasoning: 'because',
  upstreamRequestId: 'req_2',
  effectiveSettings: settings,
  warnings: ['careful'],
  truncation,
  metadata: { user_id: 'u' },
};
