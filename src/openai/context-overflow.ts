import { tokenCount, type UpstreamErrorBody } from './error-body.ts';

/** Sizes in tokens, as far as the upstream told them. */
export interface ContextOverflow {
  readonly countedTokens?: number;
  readonly tokenLimit?: number;
}

/** Sentences by which servers without the code say it. The groups are the numbers they name. */
const OVERFLOW_MESSAGES: readonly RegExp[] = [
  // OpenAI, vLLM and many after it; xAI; Fireworks
  /maximum (?:context|prompt) length(?: is | of | \(|: )(?<tokenLimit>\d{1,10})/i,
  // OpenAI's limit on the input of a model
  /input tokens exceed the configured limit of (?<tokenLimit>\d{1,10})/i,
  // Mistral
  /too large for model with (?<tokenLimit>\d{1,10}) maximum context length/i,
  /exceeds? the (?:model's )?context window/i,
  // vLLM
  /model's context length is only (?<tokenLimit>\d{1,10})/i,
  /longer than the maximum model length of (?<tokenLimit>\d{1,10})/i,
  /too long to fit into the model \(context length (?<tokenLimit>\d{1,10})/i,
  // SGLang: "The input (61709 tokens) is longer than the model's context length (40960 tokens)."
  /longer than the model's context length \((?<tokenLimit>\d{1,10})/i,
  // LM Studio
  /loaded with (?:a )?context length of only (?<tokenLimit>\d{1,10})/i,
  /reached context length of (?<tokenLimit>\d{1,10})|greater than the context length/i,
  // Ollama, and MLX
  /prompt too long; exceeded (?:max )?context length/i,
  /input length exceeds (?:the )?(?:maximum )?context length/i,
  /context size has been exceeded/i,
  // TGI and Together
  /tokens \+ `?max_new_tokens`? must be <= (?<tokenLimit>\d{1,10})/i,
  /`?inputs`? must have less than (?<tokenLimit>\d{1,10}) tokens/i,
  // Moonshot, and its limit in bytes
  /total message size \d{1,10} exceeds limit/i,
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
  /exceed context limit: \d{1,10} \+ \d{1,10} > (?<tokenLimit>\d{1,10})/i,
  /\bprompt is too long\b/i,
  // Bedrock
  /input is too long for requested model/i,
  // GitHub Copilot
  /prompt token count of \d{1,10} exceeds the limit of (?<tokenLimit>\d{1,10})/i,
  // Groq
  /reduce the length of the messages or completion/i,
  // MiniMax, Z.ai
  /context window exceeds limit|prompt exceeds max length/i,
  // DeepInfra
  /exceeds maximum input length (?<tokenLimit>\d{1,10})/i,
  // Cohere
  /tokens in the prompt cannot exceed (?<tokenLimit>\d{1,10})/i,
  // LiteLLM in front of any
  /\bContextWindowExceededError\b/,
  // Google's: "The input token count (9) exceeds the maximum number of tokens allowed (8)"
  /exceeds the maximum number of tokens allowed \((?<tokenLimit>\d{1,10})/i,
];

/** Where such sentences name the size of the request. */
const COUNTED_TOKENS: readonly RegExp[] = [
  /re ?quested: ?(\d{1,10})/i,
  /(?:current length is|input length|given:|keep the first|you passed|token count of|received|contains at least|context limit:|prompt is too long:) (\d{1,10})\b/i,
  /(?:requested|resulted in|prompt contains|request (?:has|contains)) (\d{1,10}) /i,
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
