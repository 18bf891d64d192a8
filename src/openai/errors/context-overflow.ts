import { tokenCount, type UpstreamErrorBody } from './error-object.ts';

/** Sizes in tokens, as far as the upstream told them. */
export interface ContextOverflow {
  readonly countedTokens?: number;
  readonly tokenLimit?: number;
}

/** Sentences by which servers without the code say it. The groups are the numbers they name. */
const OVERFLOW_MESSAGES: readonly RegExp[] = [
  // OpenAI, vLLM and many after it; xAI; Fireworks; Mistral
  /maximum (?:context|prompt) length(?: is | of | \(|: )(?<tokenLimit>\d{1,10})/i,
  /too large for model with (?<tokenLimit>\d{1,10}) maximum context length/i,
  // OpenAI's limit on the input of a model
  /input tokens exceed the configured limit of (?<tokenLimit>\d{1,10})/i,
  // vLLM, which takes the prompt off the window before it looks
  /longer than the maximum model length of (?<tokenLimit>\d{1,10})/i,
  /max_tokens must be at least 1, got -\d/i,
  // LM Studio, and llama.cpp
  /reached context length of (?<tokenLimit>\d{1,10})|greater than the context length/i,
  /n_keep:? \(?\d{1,10}\)? ?>= ?n_ctx:? \(?(?<tokenLimit>\d{1,10})/i,
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
  // ByteDance: "Input length 203743 exceeds the maximum length 202752", Poolside: "the maximum allowed input length of"
  /input length \d{1,10} exceeds the maximum (?:allowed input )?length (?:of )?(?<tokenLimit>\d{1,10})/i,
  // SiliconFlow
  /prompt_tokens \(\d{1,10}\) must be less than max_seq_len \((?<tokenLimit>\d{1,10})/i,
  // Anthropic's compatible endpoint: "prompt is too long: 210000 tokens > 200000 maximum"
  /prompt is too long: \d{1,10} tokens > (?<tokenLimit>\d{1,10})/i,
  /exceed context limit: \d{1,10} \+ \d{1,10} > (?<tokenLimit>\d{1,10})/i,
  // Bedrock, and Amazon's own models there
  /input is too long for requested model/i,
  /number of input tokens exceeds maximum length/i,
  // GitHub Copilot
  /prompt token count of \d{1,10} exceeds the limit of (?<tokenLimit>\d{1,10})/i,
  // Groq
  /reduce the length of the messages or completion/i,
  // Z.ai
  /prompt exceeds max length|tokens in request more than max tokens allowed/i,
  // DeepInfra
  /exceeds maximum input length (?<tokenLimit>\d{1,10})/i,
  // TensorRT-LLM: prompt and query in two numbers
  /should not exceed max_num_tokens \((?<tokenLimit>\d{1,10})/i,
  // watsonx
  /input tokens \d{1,10} cannot exceed the total tokens limit (?<tokenLimit>\d{1,10})/i,
  // Cohere
  /tokens in the prompt cannot exceed (?<tokenLimit>\d{1,10})/i,
  /too many tokens: (?:.{0,200}\blimit for this model is (?<tokenLimit>\d{1,10}) tokens|size limit exceeded by \d)/i,
  // OpenVINO, Xinference
  /exceeds model(?:'s)? max length(?:: (?<tokenLimit>\d{1,10}))?/i,
  // rtp-llm: its own length, and what it has in its cache
  /model max tokens is (?<tokenLimit>\d{1,10}), request length is/i,
  /\binput len \d{1,10}\b.{0,60}\b(?:exceeds|greater than) (?:max seq len|kv cache max available tokens num) (?<tokenLimit>\d{1,10})/i,
  // LightLLM, and its limit in characters
  /prompt token len \d{1,10} \+ max_new_tokens\s{1,80}\d{1,10} > (?<tokenLimit>\d{1,10})/i,
  /prompt text length \d{1,10} exceeds the character limit/i,
  // MLX-VLM, mistral.rs
  /context tokens\b.{0,80}\bMAX_KV_SIZE is (?<tokenLimit>\d{1,10})/i,
  /prompt sequence length is greater than (?<tokenLimit>\d{1,10})/i,
  // Yandex, and its limit in characters
  /input tokens must be no more than (?<tokenLimit>\d{1,10})/i,
  /text length is \d{1,10}, which is outside the range/i,
  // Google's: "The input token count (9) exceeds the maximum number of tokens allowed (8)"
  /exceeds the maximum number of tokens allowed \((?<tokenLimit>\d{1,10})/i,
  // LiteLLM in front of any
  /\bContextWindowExceededError\b/,
  // What holds for the rest, in whatever order: that a window is exceeded, how long both are, what is too long
  /too long to fit into the model \(context length (?<tokenLimit>\d{1,10})/i,
  /\b(?:exceed\w*|(?:longer|less|smaller) than|loaded with)\b[^.]{0,60}\bcontext (?:window|length|size|limit)(?: of(?: only)? | \(|\b)(?<tokenLimit>\d{1,10})?/i,
  /\bcontext (?:window|length|size|limit)\b[^.]{0,20}\b(?:exceed\w*|overflow\w*|is only (?<tokenLimit>\d{1,10}))\b/i,
  /\bcontext overflow\b/i,
  /\d tokens\b[^.]{0,60}\bcontext (?:window|length|size|limit)\b(?:[^.]{0,20} is (?<tokenLimit>\d{1,10}) tokens)?/i,
  /\bcontext (?:window|length|size|limit) is \d{1,10}k? tokens, you requested\b/i,
  /\b(?:prompt|input)\b[^.]{0,20}\bexceeds? (?:the )?max(?:imum)?\b[^.]{0,20}\btokens\b/i,
  /\bprompt tokens \(\d{1,10}\) exceeds? safe limit \((?<tokenLimit>\d{1,10})/i,
  /\b(?:prompt|input|conversation)(?: is)? too long\b|\bprompt(?: is)? too large\b/i,
  /(?<!\b(?:minute|hour|daily|weekly|monthly) )\btoken limit exceeded\b/i,
  // Chinese gateways
  /上下文(?:长度|窗口)?(?:过长|超[出过])|超[出过](?:模型)?最大上下文/,
];

/** Where such sentences name the size of the request. */
const COUNTED_TOKENS: readonly RegExp[] = [
  /re ?quested: ?(\d{1,10})/i,
  /(?:current length is|input length|given:|prompt tokens:|\d, got|request length is|request needs|\blen|keep the first|you passed|token count of|received|contains at least|context limit:|prompt is too long:|prompt too long:|prompt is) (\d{1,10})\b/i,
  /(?:re(?:quested|quires)(?: about| approximately| a total of)?|resulted in|prompt contains|request (?:has|contains)) (\d{1,10}) /i,
  /(?:request|tokens|prompt|count|input|length|n_keep) \((?:total )?(?:length )?(\d{1,10})\b/i,
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
