import type {
  ChatRequest,
  ChatUsage,
  CompletionTokensDetails,
  PromptTokensDetails,
} from './wire.ts';

/** Figures to report instead of the plausible ones; totals follow unless given. */
export interface UsageOverrides {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: Partial<PromptTokensDetails>;
  readonly completion_tokens_details?: Partial<CompletionTokensDetails>;
}

/** Usage as it could be: a token per four characters and three per message, one per delta. */
export function plausibleUsage(
  request: ChatRequest,
  deltas: number,
  overrides: UsageOverrides = {},
): ChatUsage {
  const prompt = overrides.prompt_tokens ?? promptTokens(request);
  const completion = overrides.completion_tokens ?? deltas;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: overrides.total_tokens ?? prompt + completion,
    prompt_tokens_details: {
      cached_tokens: 0,
      audio_tokens: 0,
      ...overrides.prompt_tokens_details,
    },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...overrides.completion_tokens_details,
    },
  };
}

function promptTokens({ messages, input = [] }: ChatRequest): number {
  const turns = messages ?? (typeof input === 'string' ? [{ content: input }] : input);
  return turns.reduce((sum, { content }) => sum + 3 + Math.ceil(textLength(content) / 4), 0);
}

function textLength(content: unknown): number {
  if (typeof content === 'string') return content.length;
  if (!Array.isArray(content)) return 0;
  return content.reduce(
    (sum: number, part: { text?: unknown } | null) => sum + textLength(part?.text),
    0,
  );
}
