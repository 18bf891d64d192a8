/** Response headers by lower-case name, as undici hands them over. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The first value of a header. */
export function headerValue(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

const NUMBER = /^\d{1,15}(?:\.\d{1,15})?$/;
/** The one format that RFC 9110 lets a sender generate; Date.parse alone takes "-5" for a year. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long the upstream asks to wait, in ms, 0 or more: `retry-after-ms`, else `retry-after` in
 * seconds (fractions allowed) or as an HTTP date. Absent if there is none that can be read. A date is
 * taken against the response's own `date`: the two clocks need not agree.
 *
 * @param now epoch ms, for a response that does not tell its date
 */
export function retryAfterMs(headers: ResponseHeaders, now: number): number | undefined {
  const ms = headerValue(headers, 'retry-after-ms')?.trim();
  if (ms !== undefined && NUMBER.test(ms)) return Math.ceil(Number(ms));
  const after = headerValue(headers, 'retry-after')?.trim();
  if (after === undefined) return undefined;
  if (NUMBER.test(after)) return Math.ceil(Number(after) * 1000);
  const date = httpDate(after);
  if (date === undefined) return undefined;
  const from = httpDate(headerValue(headers, 'date')?.trim() ?? '') ?? now;
  return Math.max(0, Math.ceil(date - from));
}

/** Seconds or milliseconds of the epoch, of this century. */
const EPOCH = /^\d{10}(?:\d{3})?$/;

/** A moment as some servers tell it, in epoch ms; undefined if it is none. */
export function epochMs(value: unknown): number | undefined {
  const text = String(value);
  if (!EPOCH.test(text)) return undefined;
  return text.length === 10 ? Number(text) * 1000 : Number(text);
}

/**
 * How long it is until a limit comes round, in ms: OpenRouter says when, in `x-ratelimit-reset` or in the body.
 *
 * @param told in the body, in epoch ms
 */
export function resetAfterMs(
  headers: ResponseHeaders,
  told: number | undefined,
  now: number,
): number | undefined {
  const at = told ?? epochMs(headerValue(headers, 'x-ratelimit-reset')?.trim());
  if (at === undefined) return undefined;
  return Math.max(0, at - (httpDate(headerValue(headers, 'date')?.trim() ?? '') ?? now));
}

/** Characters of a message in which its wait is looked for. */
const MAX_MESSAGE = 2_000;
/** A longer wait is no rate limit's, in ms. */
const MAX_SAID_MS = 86_400_000;
const SAID =
  /\b(?:(?:try again|retry)(?: your request)? (?:in|after)|please wait) (\d[\d.a-z ]{0,60})/i;
const PART =
  /^(\d{1,9}(?:\.\d{1,9})?) ?(ms|milliseconds?|h|hours?|hrs?|m|min|minutes?|s|sec|seconds?)(?![a-z]) ?/i;

/**
 * How long a message asks to wait, in ms: "Please try again in 6.78s.", "… in 1m30s", "Please retry after
 * 20 seconds.", "Please wait 34 seconds before retrying." Undefined: it does not, or for more than a day.
 */
export function saidRetryAfterMs(message: string): number | undefined {
  let rest = SAID.exec(message.slice(0, MAX_MESSAGE))?.[1] ?? '';
  let ms: number | undefined;
  for (let part = PART.exec(rest); part !== null; part = PART.exec(rest)) {
    const [whole, amount, unit = ''] = part;
    ms = (ms ?? 0) + Number(amount) * unitMs(unit.toLowerCase());
    rest = rest.slice(whole.length);
  }
  return ms === undefined || ms > MAX_SAID_MS ? undefined : Math.ceil(ms);
}

function unitMs(unit: string): number {
  if (unit.startsWith('ms') || unit.startsWith('milli')) return 1;
  if (unit.startsWith('h')) return 3_600_000;
  return unit.startsWith('m') ? 60_000 : 1_000;
}

/** Epoch ms. */
function httpDate(text: string): number | undefined {
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
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
