import { tokenCount, type UpstreamErrorBody } from './error-body.ts';

/** Sizes in tokens, as far as the upstream told them. */
export interface ContextOverflow {
  readonly countedTokens?: number;
  readonly tokenLimit?: number;
}

/** Sentences by which servers without the code say it. The groups are the numbers they name. */
const OVERFLOW_MESSAGES: readonly RegExp[] = [
  // OpenAI, vLLM and many after it; xAI
  /maximum (?:context|prompt) length (?:is |of |\()(?<tokenLimit>\d{1,10})/i,
  // Mistral
  /too large for model with (?<tokenLimit>\d{1,10}) maximum context length/i,
  /exceeds? the (?:model's )?context window/i,
  // vLLM
  /longer than the maximum model length of (?<tokenLimit>\d{1,10})/i,
  /too long to fit into the model \(context length (?<tokenLimit>\d{1,10})/i,
  // SGLang: "The input (61709 tokens) is longer than the model's context length (40960 tokens)."
  /longer than the model's context length \((?<tokenLimit>\d{1,10})/i,
  // LM Studio
  /loaded with (?:a )?context length of only (?<tokenLimit>\d{1,10})/i,
  // Ollama, and MLX
  /input length exceeds (?:the )?(?:maximum )?context length/i,
  /context size has been exceeded/i,
  // TGI and Together
  /tokens \+ `?max_new_tokens`? must be <= (?<tokenLimit>\d{1,10})/i,
  /`?inputs`? must have less than (?<tokenLimit>\d{1,10}) tokens/i,
  // Moonshot
  /exceeded model token limit:? (?<tokenLimit>\d{1,10})/i,
  // Cerebras
  /current length is \d{1,10} while limit is (?<tokenLimit>\d{1,10})/i,
  // DashScope
  /range of input length should be \[1, ?(?<tokenLimit>\d{1,10})/i,
  // ByteDance: "Input length 203743 exceeds the maximum length 202752"
  /input length \d{1,10} exceeds the maximum length (?<tokenLimit>\d{1,10})/i,
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
  /re ?quested: ?(\d{1,10})/i,
  /(?:current length is|input length|given:|keep the first) (\d{1,10})\b/i,
  /(?:requested|resulted in|prompt contains|request (?:has|contains)|prompt is too long:) (\d{1,10}) /i,
  /(?:request|tokens|prompt|count|input) \((?:total )?(?:length )?(\d{1,10})\b/i,
];

/** The sizes that a message names, undefined if it is not about the context window. */
export function matchContextOverflow(message: string): ContextOverflow | undefined {
  const match = firstMatch(OVERFLOW_MESSAGES, message);
  if (match === undefined) return undefined;
  return sizes(firstMatch(COUNTED_TOKENS, message)?.[1], match.groups?.tokenLimit);
}

const MAY_BE_OVERFLOW =
  /\b(?:context|prompt|input|tokens?|sequence)\b.{0,80}\b(?:too (?:long|large|many)|exceed\w*|overflow\w*|longer|greater than|maximum|limit)/i;

/** Whether a failure may be about the length of its request, in a wording that nobody here knows. */
export function mayBeOverflow(message: string): boolean {
  return MAY_BE_OVERFLOW.test(message);
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
