import { isObject, malformed, parseObject } from './json-checks.ts';
import { recordOf } from './json-record.ts';
import type { ToolCallFragment } from './tool-calls.ts';

/** The parts of a `chat.completion.chunk` that are read, as loosely as servers are known to send them. */
export interface ChatChunk {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly ChunkChoice[] | null;
  readonly usage?: object | null;
  readonly service_tier?: unknown;
  readonly system_fingerprint?: unknown;
  readonly error?: unknown;
}

export interface ChunkChoice {
  /** 0 or absent in an answer to a request for one choice. */
  readonly index?: unknown;
  readonly delta?: ChunkDelta | null;
  /** Where a server sends the whole answer at once. */
  readonly message?: ChunkDelta | null;
  readonly finish_reason?: string | null;
}

export interface ChunkDelta {
  readonly content?: string | null;
  readonly refusal?: string | null;
  /** OpenAI sends no reasoning over Chat Completions; vLLM, DeepSeek and others do, by either name. */
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly ToolCallFragment[] | null;
}

/**
 * The data of an event as a chunk whose read parts have the types above.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseChunk(data: string): ChatChunk {
  return checked(parseObject(data));
}

/**
 * A whole `chat.completion` as the one chunk that says as much.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseCompletion(body: string): ChatChunk {
  const value = parseObject(body);
  const choices = Array.isArray(value.choices) ? value.choices : [];
  return checked({
    ...value,
    choices: choices.map((choice) => ({ ...choice, delta: recordOf(choice).message })),
  });
}

/** By hand rather than by combined checks: this runs for every chunk. */
function checked(value: { readonly [name: string]: unknown }): ChatChunk {
  const { usage, choices } = value;
  if (usage != null && !isObject(usage)) throw malformed('the usage of a chunk');
  if (choices != null && !(Array.isArray(choices) && choices.every(isChoice))) {
    throw malformed('the choices of a chunk');
  }
  return value;
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
  const { tool_calls } = value;
  return (
    isText(value.content) &&
    isText(value.refusal) &&
    isText(value.reasoning_content) &&
    isText(value.reasoning) &&
    (tool_calls == null || (Array.isArray(tool_calls) && tool_calls.every(isToolCallFragment)))
  );
}

function isToolCallFragment(value: unknown): boolean {
  return (
    isObject(value) &&
    (value.index == null || Number.isInteger(value.index)) &&
    isText(value.id) &&
    (value.function == null || isFunctionFragment(value.function))
  );
}

function isFunctionFragment(value: unknown): boolean {
  return isObject(value) && isText(value.name) && isText(value.arguments);
}

/** Absent counts as empty. */
function isText(value: unknown): boolean {
  return value == null || typeof value === 'string';
}
