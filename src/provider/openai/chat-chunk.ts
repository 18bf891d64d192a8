import { ProviderError } from '../errors.ts';

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

export interface ToolCallFragment {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null;
}

/**
 * The data of an event as a chunk whose read parts have the types above.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseChunk(data: string): ChatChunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Not the parser's error, which quotes the answer.
    throw malformed('not JSON');
  }
  if (!isObject(value)) throw malformed('not an object');
  if (!isAbsentOr(value.usage, isObject)) throw malformed('its usage');
  if (!isListOf(value.choices, isChoice)) throw malformed('its choices');
  return value;
}

function malformed(what: string): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent an answer that cannot be read.',
    cause: new Error(`The data of an event is malformed: ${what}.`),
  });
}

function isChoice(value: unknown): boolean {
  return (
    isObject(value) && isAbsentOr(value.finish_reason, isString) && isAbsentOr(value.delta, isDelta)
  );
}

function isDelta(value: unknown): boolean {
  return (
    isObject(value) &&
    isAbsentOr(value.content, isString) &&
    isAbsentOr(value.refusal, isString) &&
    isAbsentOr(value.reasoning_content, isString) &&
    isAbsentOr(value.reasoning, isString) &&
    isListOf(value.tool_calls, isToolCallFragment)
  );
}

function isToolCallFragment(value: unknown): boolean {
  return (
    isObject(value) &&
    isAbsentOr(value.index, Number.isInteger) &&
    isAbsentOr(value.id, isString) &&
    isAbsentOr(value.function, isFunctionFragment)
  );
}

function isFunctionFragment(value: unknown): boolean {
  return (
    isObject(value) && isAbsentOr(value.name, isString) && isAbsentOr(value.arguments, isString)
  );
}

type Check = (value: unknown) => boolean;

function isAbsentOr(value: unknown, check: Check): boolean {
  return value === undefined || value === null || check(value);
}

function isListOf(value: unknown, check: Check): boolean {
  return isAbsentOr(value, Array.isArray) && ((value as unknown[] | null) ?? []).every(check);
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
