import type { ContentPart, FilePart, MessageRequest } from './message.ts';

/** The largest count: the contract has int32. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Token counts. */
export interface Usage {
  /** Cached ones included. */
  readonly inputTokens: number;
  /** Reasoning ones included. */
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** Parts of input and output that are audio, and have prices of their own. Absent: none. */
  readonly audioInputTokens?: number;
  readonly audioOutputTokens?: number;
  /** Counted here, because the upstream did not report it. */
  readonly estimated: boolean;
  /** Calls of tools that the upstream ran itself, by name. Absent: none. */
  readonly toolCalls?: Readonly<Record<string, number>>;
}

/** Money. */
export interface Cost {
  /** Whole pico-dollars (10^-12 USD), 0 or more: prices per million tokens are exact in them. */
  readonly picoDollars: bigint;
  readonly catalogueVersion: string;
  /** The usage behind it, or a price, is an estimate. */
  readonly estimated: boolean;
  /** No price is known for at least a part of the usage, and the sum is without that part. */
  readonly unpriced: boolean;
}

/**
 * Characters of text per token, for estimates where the upstream reported nothing: about 4 for
 * English and code with OpenAI's tokenizers.
 */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens that Chat Completions adds per message (role and separators). */
const TOKENS_PER_MESSAGE = 4;

/** Tokens of an image whose size is not known: a mid-sized one in high detail. */
const TOKENS_PER_IMAGE = 765;

const TOKENS_PER_PAGE = 1_600;
const BYTES_PER_PAGE = 40_000;

/** Tokens of an answer that nobody has seen. */
export const USUAL_OUTPUT = 500;

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** An estimate of what the upstream bills for a prompt, from its length alone: cheap, not exact. */
export function estimateInputTokens(request: MessageRequest): number {
  let characters = 0;
  let tokens = 0;
  for (const message of request.messages) {
    tokens += TOKENS_PER_MESSAGE;
    if (typeof message.content === 'string') characters += message.content.length;
    else
      for (const part of message.content) [characters, tokens] = addPart(part, characters, tokens);
    for (const call of message.toolCalls ?? []) {
      characters += call.name.length + call.arguments.length;
    }
  }
  for (const tool of request.tools ?? []) {
    characters += tool.name.length + (tool.description?.length ?? 0);
    characters += tool.inputSchema?.length ?? 0;
    if (tool.custom?.type === 'grammar') characters += tool.custom.definition.length;
  }
  return tokens + estimateTokens(characters);
}

function addPart(part: ContentPart, characters: number, tokens: number): [number, number] {
  if (part.type === 'text') return [characters + part.text.length, tokens];
  if (part.type === 'file') return [characters, tokens + tokensOfFile(part)];
  return [characters, tokens + TOKENS_PER_IMAGE];
}

/** A page of a PDF takes some 40 KB and as many tokens as an image and its text, about 1,600. */
function tokensOfFile({ data, mediaType }: FilePart): number {
  if (data === undefined) return 10 * TOKENS_PER_PAGE;
  if (mediaType !== 'application/pdf') return estimateTokens(data.byteLength);
  return Math.ceil(data.byteLength / BYTES_PER_PAGE) * TOKENS_PER_PAGE;
}

/** The usage of an attempt that ended before the upstream reported it. */
export function estimatedUsage(inputTokens: number, outputTokens: number): Usage {
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    estimated: true,
  };
}

export function addUsage(a: Usage | undefined, b: Usage): Usage {
  if (a === undefined) return b;
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    ...audioOf(
      (a.audioInputTokens ?? 0) + (b.audioInputTokens ?? 0),
      (a.audioOutputTokens ?? 0) + (b.audioOutputTokens ?? 0),
    ),
    estimated: a.estimated || b.estimated,
    ...toolCallsOf(a, b),
  };
}

/** Audio is rare, and then it is not mentioned. */
export function audioOf(
  input: number,
  output: number,
): Pick<Usage, 'audioInputTokens' | 'audioOutputTokens'> {
  return {
    ...(input > 0 && { audioInputTokens: input }),
    ...(output > 0 && { audioOutputTokens: output }),
  };
}

function toolCallsOf(a: Usage, b: Usage): Pick<Usage, 'toolCalls'> {
  if (a.toolCalls === undefined && b.toolCalls === undefined) return {};
  const toolCalls: Record<string, number> = { ...a.toolCalls };
  for (const [tool, calls] of Object.entries(b.toolCalls ?? {})) {
    toolCalls[tool] = (toolCalls[tool] ?? 0) + calls;
  }
  return { toolCalls };
}
