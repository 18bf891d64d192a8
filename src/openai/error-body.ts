import { type JsonRecord, recordOf } from './json-record.ts';

/** What can be read of an upstream's error. A string that it does not have is empty. */
export interface UpstreamErrorBody {
  /** Never shown to a caller: upstreams quote prompts and keys in it. */
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly param: string;
  /** Azure's reason below `code`. */
  readonly innerCode: string;
  /** An HTTP status that stands in the body, as some servers put it into `code`. */
  readonly statusCode?: number;
  /** Size of the prompt, where it has a field of its own. */
  readonly promptTokens?: number;
  /** Size of the context window, where it has a field of its own. */
  readonly contextTokens?: number;
}

/** Longer texts are pages of some proxy, not error objects. */
const MAX_JSON_LENGTH = 65_536;
/** As much of a message as is searched for numbers and words. */
const MAX_MESSAGE_LENGTH = 1_024;

/** Reads the body of an error response; text that is no JSON object is its message. */
export function parseErrorBody(text: string): UpstreamErrorBody {
  if (text.length <= MAX_JSON_LENGTH) {
    try {
      return readErrorBody(JSON.parse(text));
    } catch {
      // HTML and plain text are common where a proxy answers in the upstream's place.
    }
  }
  return readErrorBody(text);
}

/**
 * Reads an error in any of the shapes in use: OpenAI's `{error: {…}}` or what is inside it, Ollama's
 * `{error: "…"}`, Google's `[{error: {…}}]`, a bare string.
 */
export function readErrorBody(value: unknown): UpstreamErrorBody {
  const outer = recordOf(Array.isArray(value) ? value[0] : value);
  const inner = outer.error ?? (typeof value === 'string' ? value : outer);
  if (typeof inner === 'string') return read({ message: inner });
  return read(recordOf(inner));
}

function read(error: JsonRecord): UpstreamErrorBody {
  const statusCode = errorStatus(error.code) ?? errorStatus(error.status);
  const promptTokens = tokenCount(error.n_prompt_tokens);
  const contextTokens = tokenCount(error.n_ctx);
  return {
    message: stringOf(error.message).slice(0, MAX_MESSAGE_LENGTH),
    type: stringOf(error.type),
    code: stringOf(error.code),
    param: stringOf(error.param),
    innerCode: stringOf(recordOf(error.innererror ?? error.inner_error).code),
    ...(statusCode !== undefined && { statusCode }),
    ...(promptTokens !== undefined && { promptTokens }),
    ...(contextTokens !== undefined && { contextTokens }),
  };
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function errorStatus(value: unknown): number | undefined {
  return Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599
    ? Number(value)
    : undefined;
}

/** A positive int32, which is what the wire carries. */
export function tokenCount(value: unknown): number | undefined {
  const count = Number(value);
  const isNumeric = typeof value === 'number' || typeof value === 'string';
  return isNumeric && Number.isInteger(count) && count > 0 && count < 2 ** 31 ? count : undefined;
}
