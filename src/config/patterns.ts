/**
 * Sources of regular expressions that the program and config.schema.json share, so that neither can
 * say anything else than the other. They are as JSON Schema has them: with the flag `u` and no other.
 */

/** Digits of the whole numbers from `min` to `max`, which are not negative; zeros may stand before. */
export function digitsWithin(min: number, max: number): string {
  const alternatives = min === 0 ? ['0'] : [];
  /** Of how many digits all numbers are within. */
  const wholeLengths: number[] = [];
  const longestLength = max === 0 ? 0 : String(max).length;
  for (let length = String(min).length; length <= longestLength; length += 1) {
    const [least, most] = [10 ** (length - 1), 10 ** length - 1];
    if (min <= least && most <= max) wholeLengths.push(length);
    else
      alternatives.push(...sameLength(String(Math.max(min, least)), String(Math.min(max, most))));
  }
  const [shortest, longest] = [wholeLengths[0], wholeLengths.at(-1)];
  if (shortest !== undefined && longest !== undefined) {
    alternatives.push(`[1-9]${digits(shortest - 1, longest - 1)}`);
  }
  return `0*(?:${alternatives.join('|')})`;
}

/** What matches the numbers from one to another of as many digits. */
function sameLength(from: string, to: string): string[] {
  const [first = '', last = ''] = [from[0], to[0]];
  const rest = from.length - 1;
  if (rest === 0) return [digit(first, last)];
  const [low, high] = [from.slice(1), to.slice(1)];
  if (first === last) return sameLength(low, high).map((tail) => first + tail);
  const [lowest, highest] = ['0'.repeat(rest), '9'.repeat(rest)];
  const [isFirstWhole, isLastWhole] = [low === lowest, high === highest];
  const next = isFirstWhole ? first : String(Number(first) + 1);
  const previous = isLastWhole ? last : String(Number(last) - 1);
  return [
    ...(isFirstWhole ? [] : sameLength(low, highest).map((tail) => first + tail)),
    ...(next > previous ? [] : [digit(next, previous) + digits(rest, rest)]),
    ...(isLastWhole ? [] : sameLength(lowest, high).map((tail) => last + tail)),
  ];
}

function digits(least: number, most: number): string {
  if (most === 0) return '';
  if (least === most) return most === 1 ? '[0-9]' : `[0-9]{${most}}`;
  return `[0-9]{${least},${most}}`;
}

function digit(from: string, to: string): string {
  return from === to ? from : `[${from}-${to}]`;
}

const PORT = digitsWithin(0, 65_535);

const BYTE = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `${BYTE}(?:\\.${BYTE}){3}`;
const IPV6 = ipv6();

/** Eight groups, or fewer with `::` for those that are left out; the last two may be written as an IPv4. */
function ipv6(): string {
  const group = '[0-9A-Fa-f]{1,4}';
  const alternatives = [`(?:${group}:){7}${group}`, `(?:${group}:){6}${IPV4}`];
  for (let before = 0; before <= 7; before += 1) {
    const start = before === 0 ? '::' : `${group}(?::${group}){${before - 1}}::`;
    const after = before === 7 ? '' : `(?:${group}(?::${group}){0,${6 - before}})?`;
    alternatives.push(start + after);
    if (before <= 5) alternatives.push(`${start}(?:${group}:){0,${5 - before}}${IPV4}`);
  }
  return `(?:${alternatives.join('|')})`;
}

const HOST_NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?';
const ZONE = '(?:%[0-9A-Za-z._~:-]+)?';

/** `host:port` or `[v6]:port`, port 0 to 65535. */
export const HOST_AND_PORT = `(?:\\[${IPV6}${ZONE}\\]|${IPV4}|(?![0-9.]+:)${HOST_NAME}):(?![0-9]{6})${PORT}`;

/** Bytes that fit into sockaddr_un on Linux, without the closing zero. */
export const MAX_SOCKET_PATH_BYTES = 107;

/** `unix:/absolute/path`; whoever has characters outside of ASCII must count the bytes as well. */
function unixSocket(butNot: string): string {
  const between = MAX_SOCKET_PATH_BYTES - 3;
  const [any, last] = [`[^\\u0000${butNot}]`, `[^/\\s\\u0000${butNot}]`];
  return `unix:/(?:${last}|[^/\\u0000${butNot}]${any}{0,${between}}${last})`;
}

export const UNIX_SOCKET = unixSocket('');

/** An address to listen on. */
export const ADDRESS = `(?:${HOST_AND_PORT}|${UNIX_SOCKET})`;

/** Hosts that only this machine reaches. */
const LOCAL_HOST = `(?:[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127(?:\\.${BYTE}){3}|\\[::1\\])`;
const LOCAL_HOST_AND_PORT = `${LOCAL_HOST}:(?![0-9]{6})${PORT}`;

/** An address to listen on that only this machine reaches. */
export const LOCAL_ADDRESS = `(?:${LOCAL_HOST_AND_PORT}|${UNIX_SOCKET})`;

/** Several in one text. */
const ADDRESS_IN_TEXT = padded(`(?:${LOCAL_HOST_AND_PORT}|${unixSocket(',')})`);
export const LOCAL_ADDRESSES = `${ADDRESS_IN_TEXT}(?:,${ADDRESS_IN_TEXT})*`;

/** The same with white space around it. */
export function padded(source: string): string {
  return `\\s*${source}\\s*`;
}

const URL_NAME = '[^\\s/?#@:\\\\<>^\\|%\\[\\]\\u0000-\\u0020\\u007f]+';
const URL_PORT = `(?::(?:${PORT})?)?`;
/** URLs take a last label that is a number for a part of an IPv4. */
const NUMBER = '(?:[^/:]*\\.)?(?:[0-9]+|0[Xx][0-9A-Fa-f]*)\\.?(?:[:/]|$)';

/** An http or https URL without credentials, query and fragment. */
export const HTTP_URL = `[Hh][Tt][Tt][Pp][Ss]?://(?:\\[${IPV6}\\]|${IPV4}|(?!${NUMBER})${URL_NAME})${URL_PORT}(?:/[^\\s?#]*)?`;

/** An https URL, or an http URL that stays on this machine. */
export const SAFE_URL = `[Hh][Tt][Tt][Pp](?:[Ss]://.*|://${LOCAL_HOST}(?:[:/].*)?)`;

/** A redis or rediss URL without credentials, query and fragment; the path is the number of a database. */
export const REDIS_URL = `[Rr][Ee][Dd][Ii][Ss]{1,2}://(?:\\[${IPV6}\\]|${URL_NAME})${URL_PORT}(?:/[0-9]{0,9})?`;

/**
 * Whether a text matches a pattern of these. That of IPv6, which every one of them wants in brackets, takes
 * V8 as long to compile as a fiftieth of a start, and is left out for texts without one.
 */
export function matcher(pattern: string): (text: string) => boolean {
  const withoutIPv6 = new RegExp(pattern.replaceAll(IPV6, '(?!)'), 'u');
  let whole: RegExp | undefined;
  return (text) => {
    if (!text.includes('[')) return withoutIPv6.test(text);
    whole ??= new RegExp(pattern, 'u');
    return whole.test(text);
  };
}

/** The whole of a text, as a pattern of JSON Schema. */
export function whole(source: string): string {
  return `^(?:${source})$`;
}
