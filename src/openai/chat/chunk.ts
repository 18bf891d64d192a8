import { isObject } from '../../core/is-object.ts';
import { hasObjectArguments } from '../responses/object-arguments.ts';
import { malformed, parseObject } from '../values/json-checks.ts';
import { type JsonRecord, listOf, recordOf } from '../values/json-record.ts';
import { parseJsonExactly } from '../values/parse-json-exactly.ts';
import type { ToolCallFragment } from './tool-calls.ts';

/** The parts of a `chat.completion.chunk` that are read, as loosely as servers are known to send them. */
export interface ChatChunk {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly ChunkChoice[] | null;
  readonly usage?: unknown;
  readonly service_tier?: unknown;
  readonly system_fingerprint?: unknown;
  readonly error?: unknown;
  /** Sources of the answer: Perplexity, with title and address. */
  readonly search_results?: unknown;
  /** Addresses alone: Perplexity, xAI. */
  readonly citations?: unknown;
  /** Groq's own, with the usage of a stream. */
  readonly x_groq?: unknown;
}

export interface ChunkChoice {
  readonly index?: unknown;
  readonly delta?: ChunkDelta | null;
  /** The answer so far, beside or in the place of a delta. */
  readonly message?: ChunkDelta | null;
  readonly finish_reason?: string | null;
  /** Gemini's own name for it, which its endpoint has been seen to send in the place of OpenAI's. */
  readonly finishReason?: unknown;
  /** Of the upstream behind OpenRouter. */
  readonly native_finish_reason?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
  /** What the older API for completions has in the place of a delta. */
  readonly text?: unknown;
  /** In the place of those of the delta, at some gateways. */
  readonly annotations?: unknown;
}

export interface ChunkDelta {
  /** Text, or parts of text and thinking. */
  readonly content?: unknown;
  readonly refusal?: string | null;
  /**
   * OpenAI sends no reasoning over Chat Completions; vLLM, DeepSeek and others do, by these names. Envoy's gateway before
   * Bedrock has an object there, others a list.
   */
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
  /** GitHub Copilot's name for it. */
  readonly reasoning_text?: unknown;
  /** The name of Anthropic's API for it, at gateways before it, as a text or an object. */
  readonly thinking?: unknown;
  /** LiteLLM's for its blocks, beside another name or alone. */
  readonly thinking_blocks?: unknown;
  /** What Copilot wants back beside it. */
  readonly reasoning_opaque?: unknown;
  readonly tool_calls?: readonly ToolCallFragment[] | null;
  /** What became `tool_calls` in 2023. */
  readonly function_call?: ToolCallFragment['function'];
  /** Signatures that Gemini's compatible endpoint wants back. */
  readonly extra_content?: unknown;
  /** Where the text comes from. */
  readonly annotations?: unknown;
  /** What the model drew, at OpenRouter and before Gemini's image models. */
  readonly images?: unknown;
  /** What OpenRouter wants back. */
  readonly reasoning_details?: unknown;
}

/** Whether the data of an event that has some other name is a chunk all the same. */
export function isChunk(data: string): boolean {
  return data.startsWith('{') && /"choices"\s*:\s*\[/.test(data);
}

/**
 * The data of an event as a chunk whose read parts have the types above.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseChunk(data: string): ChatChunk {
  const value = parseObject(data);
  const chunk =
    holdsCalls(value) && hasObjectArguments(data)
      ? withTextArguments(value, parseJsonExactly(data))
      : value;
  if (!isChecked(chunk) && !isChecked(withTexts(chunk, parseJsonExactly(data)))) {
    throw malformed('the choices of a chunk');
  }
  return chunk as ChatChunk;
}

/** By hand rather than by combined checks: this runs for every chunk. */
function isChecked(value: unknown): boolean {
  const { choices } = value as { readonly choices?: unknown };
  return choices == null || (Array.isArray(choices) && choices.every(isChoice));
}

function isChoice(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value.finish_reason) &&
    (value.delta == null || isDelta(value.delta)) &&
    (value.message == null || isDelta(value.message))
  );
}

function isDelta(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { content, tool_calls, function_call } = value;
  return (
    (isText(content) || Array.isArray(content)) &&
    isText(value.refusal) &&
    isThought(value.reasoning_content) &&
    isThought(value.reasoning) &&
    (function_call == null || isFunctionFragment(function_call)) &&
    (tool_calls == null || (Array.isArray(tool_calls) && tool_calls.every(isToolCallFragment)))
  );
}

function isToolCallFragment(value: unknown): boolean {
  return (
    isObject(value) &&
    isIndex(value.index) &&
    isText(value.id) &&
    (value.function == null || isFunctionFragment(value.function)) &&
    (value.custom == null || isCustomFragment(value.custom))
  );
}

/** A number, which some servers write as text. */
function isIndex(value: unknown): boolean {
  return (
    value == null ||
    Number.isInteger(value) ||
    (typeof value === 'string' && /^\d{1,9}$/.test(value))
  );
}

function isCustomFragment(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.input);
}

function isFunctionFragment(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.arguments);
}

/** A text, an object or a list of either. */
function isThought(value: unknown): boolean {
  return value === undefined || typeof value === 'string' || typeof value === 'object';
}

/** Absent counts as empty. */
function isText(value: unknown): boolean {
  return value == null || typeof value === 'string';
}

interface CalledFunction {
  arguments?: unknown;
  withoutArguments?: boolean;
}

/**
 * The chunk with such arguments as text.
 *
 * @param exact the same chunk, with its numbers as they stood
 */
function withTextArguments(chunk: unknown, exact: unknown): unknown {
  const exactly = callsOf(exact);
  callsOf(chunk).forEach((call, i) => {
    const called = recordOf(call).function as CalledFunction | null | undefined;
    if (!isObject(called?.arguments)) return;
    const empty = Object.keys(called.arguments).length === 0;
    const { arguments: given } = recordOf(recordOf(exactly[i]).function);
    called.arguments = empty ? '' : JSON.stringify(given);
    if (empty) called.withoutArguments = true;
  });
  return chunk;
}

/**
 * The chunk with texts for what servers send otherwise: content that is an object, as Cloudflare's of a model that was
 * asked for JSON, and ids of calls that are numbers, as NVIDIA's and MiniMax's.
 *
 * @param exact as above
 */
function withTexts(chunk: unknown, exact: unknown): unknown {
  const exactly = saidIn(exact);
  saidIn(chunk).forEach((said, i) => {
    if (isObject(said.content)) said.content = JSON.stringify(exactly[i]?.content);
    for (const call of listOf(said.tool_calls) as { id?: unknown }[]) {
      if (typeof call?.id === 'number') call.id = `${call.id}`;
    }
  });
  return chunk;
}

/** Whether there is a call in it whose arguments may be an object. */
function holdsCalls({ choices }: JsonRecord): boolean {
  return Array.isArray(choices) && choices.some(isCalling);
}

function isCalling(choice: unknown): boolean {
  const { delta, message } = recordOf(choice);
  return hasCalls(recordOf(delta)) || hasCalls(recordOf(message));
}

function hasCalls({ tool_calls, function_call }: JsonRecord): boolean {
  return Boolean(tool_calls || function_call);
}

/** Everything in a chunk that holds a function. */
function callsOf(chunk: unknown): object[] {
  return saidIn(chunk).flatMap((holder) => [
    ...listOf(holder.tool_calls).filter(isObject),
    { function: holder.function_call },
  ]);
}

/** Its deltas and messages. */
function saidIn(chunk: unknown): Record<string, unknown>[] {
  const choices = listOf(recordOf(chunk).choices).map(recordOf);
  return choices.flatMap(({ delta, message }) => [recordOf(delta), recordOf(message)]);
}
