import { holdsSecret, withoutSecrets } from '../../telemetry/secrets.ts';

/** What may be kept of an upstream's text, which can hold prompts and, if it is hostile, our key. */

const CODE = /^[A-Za-z0-9_.-]{1,64}$/;
const PATH = /^[A-Za-z0-9_.[\]]{1,64}$/;
const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}]{1,256}$/u;
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

/** A name that can be shown: printable, without a key in it, at most 256 characters. */
export function plainName(text: string): string | undefined {
  return allowed(NAME, text);
}

/** What the caller may be told of the upstream's words, in bytes of UTF-8. */
const MAX_WORDS_BYTES = 512;

/** More than enough for that, and all that is searched for keys. */
const MAX_WORDS_LENGTH = 1_024;

const REDACTED = '[redacted]';

/**
 * What looks like a key, or like what a server left of one: a run of letters and digits that is no
 * word, one with stars in it, and what stands behind "API key provided:".
 */
const LIKE_A_KEY =
  /\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}={0,2}|[\w-]*\*{3,}[\w*-]*|(?<=\bkey(?: provided)? ?[:=] ?)[^\s,;]*[^\s,;.]/gi;

/** Control characters and line breaks garble terminals. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;

/** The upstream's words for the caller: one well-formed line of at most 512 bytes, keys masked. */
export function upstreamWords(text: string): string {
  const searched = text.slice(0, MAX_WORDS_LENGTH);
  // A key that is cut no longer looks like one.
  const whole = text.length < MAX_WORDS_LENGTH ? searched : searched.replace(/\S*$/, '');
  const line = withoutSecrets(whole).replace(LIKE_A_KEY, REDACTED).replace(UNPRINTABLE, ' ').trim();
  return cutTo(MAX_WORDS_BYTES, line.toWellFormed());
}

function cutTo(maxBytes: number, text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/** Longest cause, in bytes of UTF-8. */
const MAX_CAUSE_BYTES = 2_048;

/** Where in this program it was made says nothing of what an upstream did. */
export function saying(text: string): Error {
  const cause = new Error(text);
  delete cause.stack;
  return cause;
}

/** The upstream's text as a cause for the log: keys blotted out, at most 2 KiB. */
export function toCause(text: string): Error {
  // Cut before the search too, so that a page of megabytes costs nothing.
  const redacted = withoutSecrets(text.slice(0, 2 * MAX_CAUSE_BYTES));
  return saying(cutTo(MAX_CAUSE_BYTES, redacted).toWellFormed());
}
