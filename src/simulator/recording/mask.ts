import type { IncomingHttpHeaders } from 'node:http';

/** Headers whose values are secrets, or tell whose account it is. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'api-key',
  'x-api-key',
  'cookie',
  'set-cookie',
  'openai-organization',
  'openai-project',
]);

/**
 * Keys and accounts of OpenAI, keys of other services. Longer and closer to the letter than what the log
 * hides: this is cut out of answers, where `risk-management-system` must stay what it is.
 */
const BY_FORM =
  /(?<![\w-])(?:sk-[\w-]{20,}|(?:gsk|hf|r8|xai|pplx|nvapi)[_-][\w-]{20,}|AIza[\w-]{30,}|(?:org|proj|user)[-_](?=\w*\d)\w{8,})/g;

const SECRET_PARAMETER = /([?&](?:api[-_]?key|key|token|access_token|sig|signature)=)[^&]*/gi;

/** A shorter one would blot out ordinary words. */
const MIN_LENGTH = 6;

const MASK = '***';

export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase());
}

/** The secrets that a request brings in its headers, to be found wherever they come back. */
export function secretsOf(headers: IncomingHttpHeaders): readonly string[] {
  return [...SECRET_HEADERS]
    .flatMap((name) => headers[name] ?? [])
    .map((value) => value.replace(/^(?:Bearer|Basic)\s+/i, ''))
    .filter((secret) => secret.length >= MIN_LENGTH);
}

/** The same number of bytes, with stars for the secrets: lengths that were said stay true. */
export function masked(bytes: Buffer, secrets: readonly string[]): Buffer {
  let text = bytes.toString('latin1').replace(BY_FORM, stars);
  for (const secret of secrets) text = text.replaceAll(secret, stars);
  return Buffer.from(text, 'latin1');
}

export function maskedPath(path: string, secrets: readonly string[]): string {
  const visible = path.replace(SECRET_PARAMETER, `$1${MASK}`);
  return masked(Buffer.from(visible), secrets).toString();
}

/** Pairs of a name and a value. */
export function maskedHeaders(
  headers: readonly (readonly [name: string, value: string])[],
  secrets: readonly string[],
): [name: string, value: string][] {
  return headers.map(([name, value]) => [
    name,
    isSecretHeader(name) ? MASK : masked(Buffer.from(value, 'latin1'), secrets).toString('latin1'),
  ]);
}

function stars(secret: string): string {
  return '*'.repeat(secret.length);
}
