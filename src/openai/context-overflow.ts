import { tokenCount, type UpstreamErrorBody } from './error-body.ts';

/** Sizes in tokens, as far as the upstream told them. */
export interface ContextOverflow {
  readonly countedTokens?: number;
  readonly tokenLimit?: number;
}

/** Sentences by which servers without the code say it. The groups are the numbers they name. */
const OVERFLOW_MESSAGES: readonly RegExp[] = [
  // OpenAI, and vLLM after it
  /maximum context length (?:is |of |\()(?<tokenLimit>\d{1,10})/i,
  /exceeds? the (?:model's )?context window/i,
  // vLLM
  /longer than the maximum model length of (?<tokenLimit>\d{1,10})/i,
  // llama.cpp: "request (5000 tokens) exceeds the available context size (4096 tokens)"
  /exceeds the available context size(?: \((?<tokenLimit>\d{1,10}))?/i,
  // llama-cpp-python: "Requested tokens (2065) exceed context window of 1800"
  /exceed context window of (?<tokenLimit>\d{1,10})/i,
  // Anthropic's compatible endpoint: "prompt is too long: 210000 tokens > 200000 maximum"
  /prompt is too long: \d{1,10} tokens > (?<tokenLimit>\d{1,10})/i,
  // Google's: "The input token count (9) exceeds the maximum number of tokens allowed (8)"
  /exceeds the maximum number of tokens allowed \((?<tokenLimit>\d{1,10})/i,
];

/** Where such sentences name the size of the request. */
const COUNTED_TOKENS: readonly RegExp[] = [
  /(?:requested|resulted in|prompt contains|request has|prompt is too long:) (\d{1,10}) /i,
  /(?:request|tokens|prompt|count) \((?:length )?(\d{1,10})\b/i,
];

/** The sizes that a message names, undefined if it is not about the context window. */
export function matchContextOverflow(message: string): ContextOverflow | undefined {
  const match = firstMatch(OVERFLOW_MESSAGES, message);
  if (match === undefined) return undefined;
  return sizes(firstMatch(COUNTED_TOKENS, message)?.[1], match.groups?.tokenLimit);
}

/** The sizes that an error names, by whatever it was recognised. */
export function contextOverflowOf(body: UpstreamErrorBody): ContextOverflow {
  return {
    ...matchContextOverflow(body.message),
    ...sizes(body.promptTokens, body.contextTokens),
  };
}

function firstMatch(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
  return undefined;
}

function sizes(counted: unknown, limit: unknown): ContextOverflow {
  const countedTokens = tokenCount(counted);
  const tokenLimit = tokenCount(limit);
  return {
    ...(countedTokens !== undefined && { countedTokens }),
    ...(tokenLimit !== undefined && { tokenLimit }),
  };
}
