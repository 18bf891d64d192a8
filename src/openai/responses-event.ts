import { isAbsentOr, isListOf, isObject, isString, malformed, parseObject } from './json-checks.ts';

/** The parts of a Responses stream's event that are read, as loosely as servers are known to send them. */
export interface ResponsesEvent {
  /** Absent where a server tells it by the event's name alone. */
  readonly type?: string | null;
  /** Place of the item that the event belongs to in the answer's output. */
  readonly output_index?: number | null;
  readonly delta?: string | null;
  readonly item?: OutputItem | null;
  readonly response?: ResponseObject | null;
  readonly error?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly param?: unknown;
}

/** A piece of an answer: a message, a function call, reasoning, or what is not read. */
export interface OutputItem {
  readonly type?: unknown;
  readonly id?: string | null;
  /** Of a function call: what its result refers to. */
  readonly call_id?: string | null;
  readonly name?: string | null;
  readonly arguments?: string | null;
  /** Of a message: text and refusals. Of reasoning: its text, where the server shows it. */
  readonly content?: readonly ItemPart[] | null;
  readonly summary?: readonly ItemPart[] | null;
  readonly encrypted_content?: string | null;
}

export interface ItemPart {
  readonly text?: string | null;
  readonly refusal?: string | null;
}

export interface ResponseObject {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly status?: unknown;
  readonly service_tier?: unknown;
  readonly output?: readonly OutputItem[] | null;
  readonly usage?: object | null;
  readonly error?: unknown;
  readonly incomplete_details?: unknown;
}

/**
 * The data of an event whose read parts have the types above.
 *
 * @param name of the event, which is its type where the data has none
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseResponsesEvent(name: string, data: string): ResponsesEvent {
  const value = parseObject(data);
  const check = CHECKS.get(String(value.type ?? name));
  const wellFormed =
    isAbsentOr(value.type, isString) &&
    isAbsentOr(value.output_index, Number.isInteger) &&
    (check?.(value) ?? true);
  if (!wellFormed) throw malformed('a part of an event');
  return value;
}

/**
 * A whole answer whose read parts have the types above.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseResponse(body: string): ResponseObject {
  const value = parseObject(body);
  if (!isResponse(value)) throw malformed('a part of the answer');
  return value;
}

type EventCheck = (event: { readonly [name: string]: unknown }) => boolean;

const hasDelta: EventCheck = ({ delta }) => isAbsentOr(delta, isString);
const hasItem: EventCheck = ({ item }) => isAbsentOr(item, isItem);
const hasResponse: EventCheck = ({ response }) => isAbsentOr(response, isResponse);

/** Of the events that are read; the others may have any shape. */
const CHECKS: ReadonlyMap<string, EventCheck> = new Map([
  ['response.created', hasResponse],
  ['response.queued', hasResponse],
  ['response.in_progress', hasResponse],
  ['response.output_item.added', hasItem],
  ['response.output_text.delta', hasDelta],
  ['response.refusal.delta', hasDelta],
  ['response.reasoning_text.delta', hasDelta],
  ['response.reasoning_summary_text.delta', hasDelta],
  ['response.function_call_arguments.delta', hasDelta],
  ['response.output_item.done', hasItem],
  ['response.completed', hasResponse],
  ['response.incomplete', hasResponse],
  ['response.failed', hasResponse],
  ['response.cancelled', hasResponse],
]);

function isResponse(value: unknown): boolean {
  return isObject(value) && isAbsentOr(value.usage, isObject) && isListOf(value.output, isItem);
}

const READ_ITEMS: ReadonlySet<unknown> = new Set(['message', 'function_call', 'reasoning']);

function isItem(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (!READ_ITEMS.has(value.type)) return true;
  return (
    [value.id, value.call_id, value.name, value.arguments, value.encrypted_content].every((field) =>
      isAbsentOr(field, isString),
    ) &&
    isListOf(value.content, isPart) &&
    isListOf(value.summary, isPart)
  );
}

function isPart(value: unknown): boolean {
  return isObject(value) && isAbsentOr(value.text, isString) && isAbsentOr(value.refusal, isString);
}
