import { holdsSecret, withoutSecrets } from '../telemetry/secrets.ts';

/** What may be kept of an upstream's text, which can hold prompts and, if it is hostile, our key. */

const CODE = /^[A-Za-z0-9_.-]{1,64}$/;
const PATH = /^[A-Za-z0-9_.[\]]{1,64}$/;
const REQUEST_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** A code that can be shown: at most 64 characters of letters, digits, `_`, `.`, `-`. */
export function identifier(text: string): string | undefined {
  return allowed(CODE, text);
}

/** A path of identifiers and indices that can be shown: at most 64 characters. */
export function identifierPath(text: string): string | undefined {
  return allowed(PATH, text);
}

/** A request id that can be shown: at most 128 characters of letters, digits, `_`, `-`. */
export function requestId(text: string): string | undefined {
  return allowed(REQUEST_ID, text);
}

function allowed(pattern: RegExp, text: string): string | undefined {
  return pattern.test(text) && !holdsSecret(text) ? text : undefined;
}

/** Longest cause, in bytes of UTF-8. */
const MAX_CAUSE_BYTES = 2_048;

/** The upstream's text as a cause for the log: keys blotted out, at most 2 KiB. */
export function toCause(text: string): Error {
  // Cut before the search too, so that a page of megabytes costs nothing.
  const redacted = withoutSecrets(text.slice(0, 2 * MAX_CAUSE_BYTES));
  const { read } = new TextEncoder().encodeInto(redacted, new Uint8Array(MAX_CAUSE_BYTES));
  return new Error(redacted.slice(0, read).toWellFormed());
}
