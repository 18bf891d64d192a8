import { isText, type JsonRecord, recordOf } from '../values/json-record.ts';
import { messageOf, readErrorObject, type UpstreamErrorBody } from './error-object.ts';

/** Longer texts are pages of some proxy, not error objects. */
const MAX_JSON_LENGTH = 65_536;
/** How deep gateways wrap the error of the upstream behind them, as text in the message. */
const MAX_DEPTH = 4;

/** Reads the body of an error response; text that is no JSON object is its message. */
export function parseErrorBody(text: string): UpstreamErrorBody {
  const value = parsed(dataOf(text) ?? text);
  return value === undefined ? readPage(text) : readErrorBody(value);
}

/**
 * Reads an error in any of the shapes in use: OpenAI's `{error: {…}}` or what is inside it, Ollama's
 * `{error: "…"}`, Google's `[{error: {…}}]`, FastAPI's `{detail: …}`, Cloudflare's `{errors: […]}`,
 * Amazon's `{Message, __type}`,
 * what a gateway wraps, a bare string.
 */
export function readErrorBody(value: unknown): UpstreamErrorBody {
  return typeof value === 'string' ? read({ message: value }, {}, 0) : readShape(value, 0);
}

function readShape(value: unknown, depth: number): UpstreamErrorBody {
  const outer = recordOf(firstOf(value));
  const inner = firstOf(innerOf(outer));
  if (depth < MAX_DEPTH && isEnvelope(inner)) return readShape(inner, depth + 1);
  if (typeof inner !== 'string') return read(recordOf(inner), outer, depth);
  // `{code, error: "…"}` is xAI's; beside a message, the text is the code.
  const named = typeof outer.message === 'string';
  return read(named ? { code: inner, ...outer } : { ...outer, message: inner }, {}, depth);
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** Gateways put an error into one of their own, or into the detail of FastAPI, without a word. */
function isEnvelope(value: unknown): boolean {
  const error = recordOf(value);
  return isFilled(error.error) && messageOf(error) === '';
}

function innerOf(outer: JsonRecord): unknown {
  const { errors, detail, base_resp } = outer;
  const error = outer.error ?? recordOf(outer.x_groq).error ?? filteredIn(outer.choices);
  if (typeof error === 'string' || isFilled(error)) return error;
  if (Array.isArray(errors) && (isFilled(errors[0]) || isText(errors[0]))) return errors[0];
  if (isFilled(detail) && !Array.isArray(detail)) return detail;
  if (isFilled(base_resp)) return base_resp;
  return outer;
}

/** Azure refuses an answer that it filtered under 400, with that answer as the body. */
function filteredIn(choices: unknown): unknown {
  return recordOf(recordOf(firstOf(choices)).content_filter_results).error;
}

function read(error: JsonRecord, outer: JsonRecord, depth: number): UpstreamErrorBody {
  const wrapped = depth < MAX_DEPTH ? wrappedIn(error, messageOf(error), depth + 1) : undefined;
  const own = readErrorObject(error, outer);
  return wrapped === undefined ? own : withWrapped(own, wrapped);
}

/** What the wrapped error says comes first; its status is not that of this exchange. */
function withWrapped(own: UpstreamErrorBody, wrapped: UpstreamErrorBody): UpstreamErrorBody {
  const { message, type, code, param, innerCode, statusWord } = wrapped;
  return {
    ...wrapped,
    ...own,
    message: message || own.message,
    type: type || own.type,
    code: code || own.code,
    param: param || own.param,
    innerCode: innerCode || own.innerCode,
    statusWord: statusWord || own.statusWord,
  };
}

/** The error of the upstream behind a gateway: OpenRouter's `metadata.raw`, JSON in the message. */
function wrappedIn(error: JsonRecord, said: string, depth: number): UpstreamErrorBody | undefined {
  const { raw } = recordOf(error.metadata);
  if (typeof raw === 'string' && raw !== '') return readText(raw, depth);
  if (isFilled(raw)) return readShape(raw, depth);
  const start = said.search(/[[{]\s*["{]/);
  const value = start === -1 ? undefined : parsed(upToLastBrace(said.slice(start)));
  return isError(value) ? readShape(value, depth) : undefined;
}

function readText(text: string, depth: number): UpstreamErrorBody {
  const value = parsed(text);
  return isError(value) ? readShape(value, depth) : read({ message: text }, {}, MAX_DEPTH);
}

function upToLastBrace(text: string): string {
  return text.slice(0, Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1);
}

/** Messages quote other JSON too: schemas, arguments of a call. */
function isError(value: unknown): boolean {
  const { error, message, detail } = recordOf(firstOf(value));
  return typeof error === 'string' || isFilled(error) || [message, detail].some(isText);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** Of the first event, where the error is framed as the stream would have been. */
function dataOf(text: string): string | undefined {
  return /^\s*(?:event:[^\r\n]*[\r\n]\s*)?data:([^\r\n]*)/.exec(text)?.[1];
}

function readPage(text: string): UpstreamErrorBody {
  const isMarkup = /^\s*</.test(text);
  const message = isMarkup ? pageTitle(text) : text.trim();
  return { ...read({ message }, {}, MAX_DEPTH), isPage: true };
}

/** Undefined if it is no JSON: HTML and plain text are common where a proxy answers. */
function parsed(text: string): unknown {
  if (text.length > MAX_JSON_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const TITLE = /<title[^>]{0,200}>([^<]{1,512})/i;

/** What a page of HTML is about: its title, else the first text in it. */
function pageTitle(html: string): string {
  const title = TITLE.exec(html)?.[1] ?? html.slice(0, 4_096).replace(/<[^>]{0,512}>?/g, ' ');
  return title.replace(/\s+/g, ' ').trim();
}
