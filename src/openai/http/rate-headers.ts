import { MINUTE_MS } from '../../core/clock.ts';
import type { Headroom, RateHeadroom } from '../../core/rate-headroom.ts';
import { Kept } from '../../telemetry/kept.ts';
import { headerValue, type ResponseHeaders } from '../errors/retry-after.ts';

/** Digits of a count that is exact, and no limit of anybody. */
const MAX_DIGITS = 15;
const ZERO = 0x30;

/** One number with its unit, as Go's time.Duration.String writes them one after another. */
const DURATION_PART = /(\d{1,15}(?:\.\d{1,15})?)(h|ms|m|s|us|µs|ns)/y;

/** Of a day at most: more is a moment of the epoch. */
const SECONDS = /^\d{1,5}(?:\.\d{1,9})?$/;

const UNIT_MS: ReadonlyMap<string | undefined, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ns', 1e-6],
]);

/** Names of the headers of one limit. */
interface HeaderNames {
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

const REQUESTS = namesOf('requests');
const TOKENS = namesOf('tokens');

function namesOf(what: string): HeaderNames {
  return {
    limit: `x-ratelimit-limit-${what}`,
    remaining: `x-ratelimit-remaining-${what}`,
    reset: `x-ratelimit-reset-${what}`,
  };
}

/** Longest name of an organization or a project that is kept. */
const MAX_NAME_LENGTH = 128;

/**
 * What `x-ratelimit-*` says of the limits on requests and on tokens, and whose limits they are. Absent
 * if it says nothing that makes sense: some compatible servers send -1 or 0 where they limit nothing.
 */
export function rateHeadroom(headers: ResponseHeaders): RateHeadroom | undefined {
  const requests = headroom(headers, REQUESTS);
  const tokens = headroom(headers, TOKENS);
  const account = accountOf(headers);
  if (requests === undefined && tokens === undefined && account === undefined) return undefined;
  const told: { -readonly [Fact in keyof RateHeadroom]: RateHeadroom[Fact] } = {};
  if (requests !== undefined) told.requests = requests;
  if (tokens !== undefined) told.tokens = tokens;
  if (account !== undefined) told.account = account;
  return told;
}

/** OpenAI grants its limits per project; the name of the organization alone says too little. */
function accountOf(headers: ResponseHeaders): string | undefined {
  const organization = headerValue(headers, 'openai-organization');
  const project = headerValue(headers, 'openai-project');
  if (!isName(organization) || !isName(project)) return undefined;
  return `${organization}/${project}`;
}

function isName(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value.length <= MAX_NAME_LENGTH;
}

function headroom(headers: ResponseHeaders, names: HeaderNames): Headroom | undefined {
  const limit = count(headerValue(headers, names.limit));
  if (limit === undefined || limit === 0) return undefined;
  const reported = count(headerValue(headers, names.remaining));
  if (reported === undefined) return undefined;
  const remaining = Math.min(reported, limit);
  const resetMs = duration(headerValue(headers, names.reset));
  // A limit per minute that refills evenly, where the upstream does not say.
  return { limit, remaining, resetMs: resetMs ?? MINUTE_MS * (1 - remaining / limit) };
}

function count(value: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '' || text.length > MAX_DIGITS) return undefined;
  let number = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    number = 10 * number + digit;
  }
  return number;
}

/** What durations mean that were read, few while there is plenty; NaN: nothing. */
const read = new Kept<number>();
const MAX_READ_LENGTH = 32;

/** A Go duration in ms, `12ms`, `1m30.5s`, `0s`, or the seconds that others say: `58.3`. */
function duration(value: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  if (text.length > MAX_READ_LENGTH) return readDuration(text);
  const ms = read.get(text, () => readDuration(text) ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : ms;
}

function readDuration(text: string): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1_000;
  let ms = 0;
  DURATION_PART.lastIndex = 0;
  while (DURATION_PART.lastIndex < text.length) {
    const part = DURATION_PART.exec(text);
    if (part === null) return undefined;
    ms += Number(part[1]) * (UNIT_MS.get(part[2]) ?? Number.NaN);
  }
  return ms;
}
