import type { Violations } from './violations.ts';

/** What OpenAI allows for the names of functions and schemas. */
export const IDENTIFIER = /^[a-zA-Z0-9_-]{1,64}$/;
export const IDENTIFIER_RULE = 'must be 1 to 64 characters of a-z, A-Z, 0-9, _ and -';
export const IDEMPOTENCY_KEY = /^[!-~]{0,128}$/;
export const IDEMPOTENCY_KEY_RULE = 'must be up to 128 characters of visible ASCII';
export const WELL_FORMED_RULE = 'must be well-formed Unicode without lone surrogates';

const MAX_MODEL_NAME_LENGTH = 256;

/** Whether `name` can be a model's: 1 to 256 characters, none of them a control character. */
export function isModelName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_MODEL_NAME_LENGTH && isPrintable(name);
}

/** Well-formed and without control characters. For short texts only: it looks at every character. */
export function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** A short text: printable and at most `maxBytes` of UTF-8. */
export function checkShortText(
  violations: Violations,
  field: string,
  text: string | undefined,
  maxBytes: number,
): void {
  if (text === undefined) return;
  if (exceedsBytes(text, maxBytes))
    violations.malformed(field, `must be at most ${maxBytes} bytes`);
  else if (!isPrintable(text)) {
    violations.malformed(field, 'must be well-formed Unicode without control characters');
  }
}

/** Whether `text` is longer in UTF-8, without measuring what is plainly shorter or longer. */
export function exceedsBytes(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

/** A text of any length, which must only be well-formed. */
export function checkWellFormed(
  violations: Violations,
  field: string,
  text: string | undefined,
): void {
  if (text !== undefined && !text.isWellFormed()) violations.malformed(field, WELL_FORMED_RULE);
}

/** More than any server takes; of longer ones the beginning tells whether they are URIs. */
const MAX_PARSED_URI_LENGTH = 64 * 1024;

/** Whether a text is a URI. Of one of megabytes, each of whose characters may take long to parse, only the beginning is. */
export function isUri(text: string): boolean {
  return URL.canParse(text.slice(0, MAX_PARSED_URI_LENGTH));
}
