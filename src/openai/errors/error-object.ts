import { isText, type JsonRecord, listOf, recordOf } from '../values/json-record.ts';
import { fieldWaitMs, momentOf } from './retry-after.ts';

/** What can be read of an upstream's error. A string that it does not have is empty. */
export interface UpstreamErrorBody {
  /** Only the caller may see it, filtered: upstreams quote prompts and keys in it. */
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly param: string;
  /** The more precise reason that Azure gives below `code`, and Google in `details`. */
  readonly innerCode: string;
  /** Google's word for it: `RESOURCE_EXHAUSTED`. */
  readonly statusWord: string;
  /** An HTTP status that stands in the body, as some servers put it into `code`. */
  readonly statusCode?: number;
  /** How long to wait, in ms, where the body says it in a field. */
  readonly retryAfterMs?: number;
  /** When the limit comes round, in epoch ms. */
  readonly resetAt?: number;
  /** Size of the prompt, where it has a field of its own. */
  readonly promptTokens?: number;
  /** Size of the context window, where it has a field of its own. */
  readonly contextTokens?: number;
  /** It is text and no error object: a proxy's page, or that of a server that is no API. */
  readonly isPage: boolean;
}

/** As much of a message as is searched for numbers and words. */
const MAX_MESSAGE_LENGTH = 1_024;

/**
 * Reads what an error object says in whichever of the fields in use.
 *
 * @param outer in which it stands; empty: in none
 */
export function readErrorObject(error: JsonRecord, outer: JsonRecord): UpstreamErrorBody {
  const said = messageOf(error);
  const number = numberOf(error);
  return {
    message: said.slice(0, MAX_MESSAGE_LENGTH),
    // `error` is the kind of the event or of the object, not of the failure.
    type:
      error.type === 'error'
        ? ''
        : nameOf(error.type) || nameOf(error.__type) || nameOf(error.error_type),
    code: nameOf(error.code) || nameOf(error.error_code) || wordIn(error, said) || number,
    param: nameOf(error.param) || placeOf(error),
    innerCode:
      stringOf(recordOf(error.innererror ?? error.inner_error).code) ||
      reasonOf(error) ||
      (number && `minimax_${number}`),
    statusWord: stringOf(error.status),
    ...sizesOf(error),
    ...statusOf(error, outer),
    ...waitOf(error, outer),
    ...resetOf(error, outer),
    isPage: false,
  };
}

export function messageOf(error: JsonRecord): string {
  const {
    message = error.Message,
    msg,
    detail,
    error_message,
    error_msg,
    title,
    reason,
    status_msg,
  } = error;
  for (const text of [message, msg, detail, error_message, error_msg, title, reason, status_msg]) {
    if (isText(text)) return text;
    // FastAPI's list of what is wrong, which Mistral puts into the message.
    const list = problemsOf(text);
    if (list.length > 0) return list.map(({ text: what }) => what).join('; ');
  }
  return '';
}

/** The field that FastAPI names first. */
function placeOf({ message, detail }: JsonRecord): string {
  return problemsOf(detail)[0]?.place ?? problemsOf(message)[0]?.place ?? '';
}

interface FieldProblem {
  readonly text: string;
  readonly place: string;
}

function problemsOf(value: unknown): readonly FieldProblem[] {
  const list = Array.isArray(value) ? value : recordOf(value).detail;
  if (!Array.isArray(list)) return [];
  return list.map(recordOf).flatMap(({ msg, loc }) => {
    const place = Array.isArray(loc) ? loc.filter(isStep).join('.') : '';
    return typeof msg === 'string'
      ? [{ text: place === '' ? msg : `${place}: ${msg}`, place }]
      : [];
  });
}

/** Of the way to a field, which begins in the body. What is neither a name nor a number may not become a text. */
function isStep(part: unknown): boolean {
  return part !== 'body' && (typeof part === 'string' || typeof part === 'number');
}

function sizesOf({ n_prompt_tokens, n_ctx }: JsonRecord) {
  const promptTokens = tokenCount(n_prompt_tokens);
  const contextTokens = tokenCount(n_ctx);
  return {
    ...(promptTokens !== undefined && { promptTokens }),
    ...(contextTokens !== undefined && { contextTokens }),
  };
}

function statusOf(error: JsonRecord, outer: JsonRecord) {
  const places = [error, outer].flatMap((record) => [
    record.code,
    record.status,
    record.status_code,
    record.statusCode,
    record.http_status,
    record.http_code,
    record.httpCode,
    record.raw_status_code,
  ]);
  const statusCode = places.map(errorStatus).find((status) => status !== undefined);
  return statusCode === undefined ? {} : { statusCode };
}

/** Of Google's `details`. */
function reasonOf({ details }: JsonRecord): string {
  return (
    listOf(details)
      .map((detail) => stringOf(recordOf(detail).reason))
      .find(isText) ?? ''
  );
}

/** Names of a wait, with the unit of a number in ms: Google's RetryInfo has `"retryDelay": "36s"` in `details`. */
const WAITS: readonly (readonly [name: string, unit: number])[] = [
  ['retry_after_ms', 1],
  ['retryAfterMs', 1],
  ['retry_after', 1000],
  ['retryAfter', 1000],
  ['retry_after_seconds', 1000],
  ['retryDelay', 1000],
];

function waitOf({ details, metadata, ...error }: JsonRecord, outer: JsonRecord) {
  const places = [error, outer, recordOf(metadata), ...listOf(details).map(recordOf)];
  const waits = places.flatMap((place) =>
    WAITS.flatMap(([name, unit]) => fieldWaitMs(place[name], unit) ?? []),
  );
  return waits[0] === undefined ? {} : { retryAfterMs: waits[0] };
}

/** OpenRouter's `metadata.headers`, which it sends in the body; MiniMax's date. */
function resetOf({ metadata, retryAfter, retry_after }: JsonRecord, outer: JsonRecord) {
  const reset = recordOf(recordOf(metadata).headers)['X-RateLimit-Reset'];
  const dates = [reset, retryAfter, retry_after, outer.retryAfter, outer.retry_after];
  const resetAt = dates.flatMap((date) => momentOf(date) ?? [])[0];
  return resetAt === undefined ? {} : { resetAt };
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** LiteLLM writes Python's word for nothing. */
function nameOf(value: unknown): string {
  return value === 'None' ? '' : stringOf(value);
}

/** Novita's word, beside a status in `code` and a sentence. */
function wordIn({ reason }: JsonRecord, said: string): string {
  return reason !== said && /^[a-z]\w{1,63}$/i.test(stringOf(reason)) ? stringOf(reason) : '';
}

/** MiniMax's numbers, which are no HTTP statuses. Others mean something else by the same ones. */
function numberOf({ status_code }: JsonRecord): string {
  return Number.isInteger(status_code) && errorStatus(status_code) === undefined
    ? String(status_code)
    : '';
}

/** 400 to 599, as a number or as text. */
function errorStatus(value: unknown): number | undefined {
  const isStatus = typeof value === 'string' && /^[45]\d{2}$/.test(value);
  const status = isStatus ? Number(value) : value;
  const fits = typeof status === 'number' && Number.isInteger(status);
  return fits && status >= 400 && status <= 599 ? status : undefined;
}

/** A positive int32, which is what the wire carries. */
export function tokenCount(value: unknown): number | undefined {
  // An object need not even become a number.
  const count = typeof value === 'string' ? Number(value) : value;
  const fits = typeof count === 'number' && Number.isInteger(count);
  return fits && count > 0 && count < 2 ** 31 ? count : undefined;
}
