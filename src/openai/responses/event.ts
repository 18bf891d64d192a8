import { isObject } from '../../core/is-object.ts';
import { errorIn } from '../errors/in-answer.ts';
import { isAbsentOr, isListOf, isString, malformed, parseObject } from '../values/json-checks.ts';
import type { JsonRecord } from '../values/json-record.ts';
import { isCall } from './calls.ts';
import { isHostedEvent } from './hosted-output.ts';
import { withTextArguments } from './object-arguments.ts';

/** The parts of a Responses stream's event that are read, as loosely as servers are known to send them. */
export interface ResponsesEvent {
  /** Absent where a server tells it by the event's name alone. */
  readonly type?: string | null;
  /** Its place in the stream, from 0; missing at some servers. */
  readonly sequence_number?: unknown;
  /** Id of the item that the event belongs to. */
  readonly item_id?: unknown;
  /** Place of that item in the answer's output; missing or wrong at some servers. */
  readonly output_index?: unknown;
  /** Place of a part in its item. */
  readonly content_index?: unknown;
  readonly summary_index?: unknown;
  readonly annotation_index?: unknown;
  readonly annotation?: unknown;
  readonly delta?: string | null;
  /** The whole of what deltas said. */
  readonly text?: string | null;
  readonly refusal?: string | null;
  readonly arguments?: string | null;
  /** All of a custom tool's input. */
  readonly input?: string | null;
  readonly name?: unknown;
  readonly part?: ItemPart | null;
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
  /** Of a custom tool. */
  readonly input?: string | null;
  /** Of a message: text and refusals. Of reasoning: its text, where the server shows it. */
  readonly content?: readonly ItemPart[] | string | null;
  readonly summary?: readonly ItemPart[] | null;
  readonly encrypted_content?: string | null;
  /** Of a message: `commentary` or `final_answer`. */
  readonly phase?: unknown;
  readonly status?: unknown;
  /** Of a search: what it did, and what it read. */
  readonly action?: { readonly type?: unknown; readonly sources?: unknown } | null;
  /** Of a search of files: what it found. */
  readonly results?: unknown;
  /** Of code: what it printed and made. */
  readonly outputs?: unknown;
  /** Of an image: the file, in base64. */
  readonly result?: unknown;
  readonly output_format?: unknown;
  readonly container_id?: unknown;
  readonly server_label?: unknown;
  readonly error?: unknown;
}

export interface ItemPart {
  readonly type?: unknown;
  readonly text?: string | null;
  readonly refusal?: string | null;
  readonly annotations?: unknown;
}

export interface ResponseObject {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly status?: unknown;
  readonly service_tier?: unknown;
  readonly output?: readonly OutputItem[] | null;
  /** The SDK's name for all text of it, which some gateways send in the place of the items. */
  readonly output_text?: unknown;
  readonly usage?: unknown;
  readonly tool_usage?: unknown;
  readonly error?: unknown;
  readonly incomplete_details?: unknown;
  /** The limit that was asked for, or the server's own. */
  readonly max_output_tokens?: unknown;
}

/** Types of events that belong to the API; whatever else is none of the answer. */
const OWN = /^(?:response\.|error$)/;

/**
 * The data of an event whose read parts have the types above; undefined for one that is not read, such
 * as a proxy's keep-alive, with any data.
 *
 * @param name of the event, which is its type where the data has none
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseResponsesEvent(name: string, data: string): ResponsesEvent | undefined {
  if (name !== '' && name !== 'message' && !OWN.test(name)) return undefined;
  const read = withTextDelta(withTextArguments(parseObject(data), data));
  if (!isAbsentOr(read.type, isString)) throw malformed('the type of an event');
  const type = String(read.type ?? name);
  const brings = BRINGERS.has(type);
  const value = brings ? withResponse(read) : read;
  nameItem(value.item);
  nameItems(value.response);
  const check = brings ? anything : CHECKS.get(type);
  if (check === undefined && (isErrorType(type) || errorIn(value) !== undefined)) return value;
  if (check === undefined && !isHostedEvent(type)) return undefined;
  // An answer is read whatever event brings it.
  const isRight = hasResponse(value) && (check === undefined || check(value));
  if (!isRight || !PLACES.every((name) => isPlace(value[name]))) {
    throw malformed('a part of an event');
  }
  return value;
}

/** A message needs no type in a request, and some servers give none in an answer, nor a call. */
function nameItem(item: unknown): void {
  if (!isObject(item) || item.type != null) return;
  const type = isString(item.call_id) ? 'function_call' : 'content' in item && 'message';
  if (type) Object.assign(item, { type });
}

function nameItems(response: unknown): void {
  if (isObject(response) && Array.isArray(response.output)) response.output.forEach(nameItem);
}

/** Reasoning came as `{text}` at first. */
function withTextDelta(event: JsonRecord): JsonRecord {
  const { delta } = event;
  return isObject(delta) && isString(delta.text) ? { ...event, delta: delta.text } : event;
}

/** Proxies have the fields of the answer beside the type of the event: 7836246/cursor2api#116. */
function withResponse(event: JsonRecord): JsonRecord {
  const { type, sequence_number, ...response } = event;
  const isBeside =
    event.response == null && (isString(event.status) || Array.isArray(event.output));
  return isBeside ? { type, sequence_number, response } : event;
}

/**
 * A whole answer whose read parts have the types above.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseResponse(body: string): ResponseObject {
  const value = withTextArguments(parseObject(body), body);
  // Some servers wrap the answer as the last event of a stream does.
  const response = isObject(value.response) ? value.response : value;
  nameItems(response);
  if (!isResponse(response)) throw malformed('a part of the answer');
  return response;
}

/** Numbers, or what some servers have for them. What is no primitive need not even become a text. */
const PLACES = ['output_index', 'content_index', 'summary_index', 'annotation_index'] as const;
const isPlace = (value: unknown): boolean => typeof value !== 'object' || value === null;

type EventCheck = (event: { readonly [name: string]: unknown }) => boolean;

const hasDelta: EventCheck = ({ delta }) => isAbsentOr(delta, isString);
const hasText: EventCheck = ({ text }) => isAbsentOr(text, isString);
const hasItem: EventCheck = ({ item }) => isAbsentOr(item, isItem);
const hasPart: EventCheck = ({ part }) => isAbsentOr(part, isPart);
const anything: EventCheck = () => true;
const hasResponse: EventCheck = ({ response }) => isAbsentOr(response, isResponse);

/** Events that bring the answer as it is now. */
const BRINGERS: ReadonlySet<string> = new Set(
  [
    'created',
    'queued',
    'in_progress',
    'completed',
    'done',
    'incomplete',
    'failed',
    'cancelled',
  ].map((name) => `response.${name}`),
);

/** Of the other events that are read, beside their answers; what is not read may have any shape. */
const CHECKS: ReadonlyMap<string, EventCheck> = new Map([
  ['response.output_item.added', hasItem],
  ['response.output_text.delta', hasDelta],
  ['response.output_text.done', hasText],
  ['response.output_text.annotation.added', anything],
  ['response.content_part.done', hasPart],
  ['response.refusal.delta', hasDelta],
  ['response.refusal.done', ({ refusal }) => isAbsentOr(refusal, isString)],
  ['response.reasoning_text.delta', hasDelta],
  ['response.reasoning_text.done', hasText],
  ['response.reasoning_summary_text.delta', hasDelta],
  ['response.reasoning_summary_text.done', hasText],
  ['response.reasoning_summary_part.done', hasPart],
  ['response.reasoning.delta', hasDelta],
  ['response.reasoning.done', hasText],
  ['response.reasoning_summary.delta', hasDelta],
  ['response.reasoning_summary.done', hasText],
  ['response.function_call_arguments.delta', hasDelta],
  ['response.function_call_arguments.done', ({ arguments: given }) => isAbsentOr(given, isString)],
  ['response.custom_tool_call_input.delta', hasDelta],
  ['response.custom_tool_call_input.done', ({ input }) => isAbsentOr(input, isString)],
  ['response.output_item.done', hasItem],
]);

/** Gateways name it as the other events: Zoo-Code-Org/Zoo-Code#318. */
export function isErrorType(type: string): boolean {
  return type === 'error' || type === 'response.error';
}

function isResponse(value: unknown): boolean {
  return isObject(value) && isListOf(value.output, isItem);
}

const READ_ITEMS: ReadonlySet<unknown> = new Set(['message', 'reasoning']);

function isItem(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (!READ_ITEMS.has(value.type) && !isCall(value)) return true;
  const { id, call_id, name, arguments: given, input, encrypted_content } = value;
  return (
    [id, call_id, name, given, input, encrypted_content].every((field) =>
      isAbsentOr(field, isString),
    ) &&
    (isString(value.content) || isListOf(value.content, isPart)) &&
    isListOf(value.summary, isPart)
  );
}

function isPart(value: unknown): boolean {
  return isObject(value) && isAbsentOr(value.text, isString) && isAbsentOr(value.refusal, isString);
}
