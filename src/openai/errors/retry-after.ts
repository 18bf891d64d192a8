/** Response headers by lower-case name, as undici hands them over. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The first value of a header. */
export function headerValue(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

const NUMBER = /^\d{1,15}(?:\.\d{1,15})?$/;
/** The format of RFC 9110, and its zone in other words; Date.parse alone takes "-5" for a year. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|\+0000)$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** A longer wait is no rate limit's, in ms. */
const MAX_WAIT_MS = 86_400_000;

/**
 * How long the upstream asks to wait, in ms, 0 or more: `retry-after-ms`, else `retry-after` in
 * seconds (fractions allowed), with a unit, or as a date. Absent if there is none that can be read. A date is
 * taken against the response's own `date`: the two clocks need not agree.
 *
 * @param now epoch ms, for a response that does not tell its date
 */
export function retryAfterMs(headers: ResponseHeaders, now: number): number | undefined {
  const ms = headerValue(headers, 'retry-after-ms')?.trim();
  if (ms !== undefined && NUMBER.test(ms)) return Math.ceil(Number(ms));
  const after = headerValue(headers, 'retry-after')?.trim();
  return after === undefined ? undefined : waitOf(firstOf(after), timeOf(headers, now));
}

/** Two proxies, or one that asks twice, are joined by a comma, which a date has, too. */
function firstOf(value: string): string {
  return /^\d/.test(value) ? value.replace(/,.*$/s, '').trim() : value;
}

function waitOf(text: string, from: number): number | undefined {
  const at = momentOf(text);
  if (at !== undefined) return Math.max(0, Math.ceil(at - from));
  return NUMBER.test(text) ? Math.ceil(Number(text) * 1000) : spanMs(text);
}

/** When the response was sent, in epoch ms. */
function timeOf(headers: ResponseHeaders, now: number): number {
  return momentOf(headerValue(headers, 'date')?.trim()) ?? now;
}

/** Seconds or milliseconds of the epoch, of this century. */
const EPOCH = /^\d{10}(?:\d{3})?$/;

/** A moment as some servers tell it, in epoch ms: of the epoch, or a date; undefined if it is none. */
export function momentOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (EPOCH.test(text)) return text.length === 10 ? Number(text) * 1000 : Number(text);
  const date = HTTP_DATE.test(text) || ISO_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/**
 * How long it is until a limit comes round, in ms: OpenRouter says when, in `x-ratelimit-reset` or in the body;
 * others say how long it is, Together in seconds, there or in the fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers.
 *
 * @param told in the body, in epoch ms
 */
export function resetAfterMs(
  headers: ResponseHeaders,
  told: number | undefined,
  now: number,
): number | undefined {
  const reset = headerValue(headers, 'x-ratelimit-reset')?.trim();
  const at = told ?? momentOf(reset);
  if (at !== undefined) return Math.max(0, at - timeOf(headers, now));
  return fieldWaitMs(reset ?? '', 1_000) ?? draftResetMs(headers);
}

/** What is left of a limit, and in how many seconds it comes round, in two versions of the draft. */
const LEFT = /\b(?:r|remaining)=[1-9]/;
const ROUND = /\b(?:t|reset)=(\d{1,9})\b/;

/** Of those limits that are used up, as the one that takes longest is. */
function draftResetMs(headers: ResponseHeaders): number | undefined {
  const field = headerValue(headers, 'ratelimit') ?? '';
  // The older version is one limit, the newer one a list of them.
  const limits = field.includes(';') ? field.split(',') : [field];
  const seconds = limits
    .filter((limit) => !LEFT.test(limit))
    .flatMap((limit) => ROUND.exec(limit)?.[1] ?? [])
    .map(Number);
  return seconds.length === 0 ? undefined : bounded(Math.max(...seconds) * 1000);
}

/**
 * A wait in a field of a body, or of a header, in ms: a number of `unit`, or a text with a unit of its own.
 *
 * @param unit of a number, in ms
 */
export function fieldWaitMs(value: unknown, unit: number): number | undefined {
  const text = textOf(value).trim();
  if (EPOCH.test(text)) return undefined;
  return NUMBER.test(text) ? bounded(Math.ceil(Number(text) * unit)) : spanMs(text);
}

/** Of a body's value; an object of it need not even become a text. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? '' : String(value);
}

/** Characters of a message in which its wait is looked for. */
const MAX_MESSAGE = 2_000;
const SAID =
  /\b(?:(?:try again|retry)(?: your request)? (?:in|after)|please wait) (\d[\d.a-z ]{0,60})/i;
const PART =
  /^(\d{1,9}(?:\.\d{1,9})?) ?(ms|milliseconds?|h|hours?|hrs?|m|min|minutes?|s|sec|seconds?)(?![a-z]) ?/i;

/**
 * How long a message asks to wait, in ms: "Please try again in 6.78s.", "… in 1m30s", "Please retry after
 * 20 seconds.", "Please wait 34 seconds before retrying." Undefined: it does not, or for more than a day.
 */
export function saidRetryAfterMs(message: string): number | undefined {
  return spanIn(SAID.exec(message.slice(0, MAX_MESSAGE))?.[1] ?? '').ms;
}

/** A text that is a span of time and nothing else, in ms: `30s`, `60 seconds`, `1m30.5s`. */
function spanMs(text: string): number | undefined {
  const { ms, rest } = spanIn(text);
  return rest === '' ? ms : undefined;
}

/** What a text begins with, in ms, unless it is too long to be waited for, and what follows it. */
function spanIn(text: string): { readonly ms: number | undefined; readonly rest: string } {
  let rest = text;
  let ms: number | undefined;
  for (let part = PART.exec(rest); part !== null; part = PART.exec(rest)) {
    const [whole, amount, unit = ''] = part;
    ms = (ms ?? 0) + Number(amount) * unitMs(unit.toLowerCase());
    rest = rest.slice(whole.length);
  }
  return { ms: ms === undefined ? undefined : bounded(Math.ceil(ms)), rest };
}

function bounded(ms: number): number | undefined {
  return ms <= MAX_WAIT_MS ? ms : undefined;
}

function unitMs(unit: string): number {
  if (unit.startsWith('ms') || unit.startsWith('milli')) return 1;
  if (unit.startsWith('h')) return 3_600_000;
  return unit.startsWith('m') ? 60_000 : 1_000;
}

/** What the upstream says of another try: `x-should-retry`. Absent if it says nothing. */
export function shouldRetry(headers: ResponseHeaders): boolean | undefined {
  switch (headerValue(headers, 'x-should-retry')?.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return undefined;
  }
}
