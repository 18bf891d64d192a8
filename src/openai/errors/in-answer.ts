import { isTooMuch } from '../values/json-checks.ts';
import { isNothing, type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';

/**
 * The error that an answer's chunk, event or body reports in the place of an answer, undefined if it
 * is none: `{error: …}`, vLLM's `{object: "error", …}`, FastAPI's `{detail: …}`, one in a choice, Gemini's
 * refusal of the prompt. What holds
 * nothing, and a code of 0, says that there is none.
 */
export function errorIn(answer: object): unknown {
  const value = answer as JsonRecord;
  if (value.error) return value;
  if (gaveUp(value)) return value;
  const { choices } = value;
  if (Array.isArray(choices) && choices.length > 0) return recordOf(choices[0]).error || undefined;
  if (value.object === 'error') return value;
  const blocked = blockedIn(value);
  if (blocked !== undefined) return blocked;
  const { detail, errors, type, error_code, code = error_code } = value;
  if (value.output !== undefined) return undefined;
  if (!isNothing(detail) || !isNothing(errors)) return value;
  // Events of the Responses API have a type, and some a code; errors say something as well.
  const { error_msg, msg = error_msg, message = msg } = value;
  const { statusCode, status = statusCode } = value;
  const failed = Boolean(code) || value.success === false || isFailure(status);
  return failed && typeof message === 'string' && type === undefined ? value : undefined;
}

/** Gemini's verdict on a prompt to which there is no answer, as some gateways pass it on under 200. */
function blockedIn({ promptFeedback, prompt_feedback = promptFeedback }: JsonRecord): unknown {
  const { blockReason, block_reason = blockReason } = recordOf(prompt_feedback);
  const message = stringOr(block_reason);
  return message === '' ? undefined : { code: 'content_filter', message };
}

/** iFlow and servers made with Nest have the status of an error in the body of a 200. */
function isFailure(status: unknown): boolean {
  return /^[45]\d{2}$/.test(typeof status === 'number' ? `${status}` : stringOr(status));
}

/** MiniMax answers 200 and says what went wrong beside an answer without choices, Groq beside one that it cut off. */
function gaveUp({ base_resp, x_groq }: JsonRecord): boolean {
  const { status_code } = recordOf(base_resp);
  return (typeof status_code === 'number' && status_code !== 0) || Boolean(recordOf(x_groq).error);
}

/** What an event of the name `error` says: JSON, or a sentence. */
export function readErrorData(data: string): unknown {
  if (isTooMuch(data)) return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** More is no error. */
const MAX_LENGTH = 65_536;

/** Lines after which an error may be whole, and is parsed to see: each time all of it is read again. */
const MAX_TRIES = 32;

/** What the first line of such an error begins with: `{`, `[`, the e of `error:`. */
const FIRST_BYTES: readonly (number | undefined)[] = [0x7b, 0x5b, 0x65];

/**
 * Finds errors that stand in an event stream without being an event: older llama.cpp's field `error:`,
 * and the JSON of a server that forgot that it had begun a stream.
 */
export class StrayErrors {
  #text = '';
  #tries = 0;

  /** Whether a line is of interest that begins with this byte. */
  mayTake(first: number | undefined, length: number): boolean {
    return length <= MAX_LENGTH && (this.#text !== '' || FIRST_BYTES.includes(first));
  }

  /** @returns the data of the error that ends with this line, which is no field of an event */
  add(line: string): string | undefined {
    const field = /^error:\s*(.+)/.exec(line);
    if (field !== null) return field[1];
    if (this.#text === '' && !/^\s*[[{]/.test(line)) return undefined;
    if (this.#text.length > MAX_LENGTH || this.#tries >= MAX_TRIES) {
      this.#forget();
      return undefined;
    }
    this.#text += `${line}\n`;
    if (!/[\]}]\s*$/.test(line)) return undefined;
    this.#tries += 1;
    const value = readErrorData(this.#text);
    if (typeof value === 'string') return undefined;
    const text = this.#text;
    this.#forget();
    return errorIn(recordOf(Array.isArray(value) ? value[0] : value)) ? text : undefined;
  }

  #forget(): void {
    this.#text = '';
    this.#tries = 0;
  }
}
