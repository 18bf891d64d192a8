import { ProviderError } from '../core/errors.ts';

/** Checks of what an upstream sends, for the parts of it that are read. */

type Check = (value: unknown) => boolean;

/**
 * The data of an event, which is a JSON object.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseObject(data: string): { readonly [name: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // Not the parser's error, which quotes the answer.
    throw malformed('it is not JSON');
  }
  // Google puts its errors into a list.
  const only = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
  if (isObject(only) && only.error) return only;
  if (!isObject(value)) throw malformed('it is not an object');
  return value;
}

/** An event that has not the shape its API promises. `what` is wrong with it, for the log. */
export function malformed(what: string): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: 'The upstream sent an answer that cannot be read.',
    unreadable: true,
    cause: new Error(`The upstream's answer is malformed: ${what}.`),
  });
}

export function isAbsentOr(value: unknown, check: Check): boolean {
  return value === undefined || value === null || check(value);
}

/** Absent counts as an empty list. */
export function isListOf(value: unknown, check: Check): boolean {
  return isAbsentOr(value, Array.isArray) && ((value as unknown[] | null) ?? []).every(check);
}

export function isString(value: unknown): boolean {
  return typeof value === 'string';
}

export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
