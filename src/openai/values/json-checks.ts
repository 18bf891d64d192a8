import { ProviderError } from '../../core/errors.ts';
import { isObject } from '../../core/is-object.ts';
import { isDeeperThan } from '../../request/validate/json-object.ts';
import {
  hasMoreNames,
  MAX_NAMES as MAX_OF_REQUEST,
  valuesAbout,
} from '../../request/validate/json-values.ts';

/** Checks of what an upstream sends, for the parts of it that are read. */

type Check = (value: unknown) => boolean;

/**
 * The data of an event, which is a JSON object.
 *
 * @throws ProviderError SERVICE_UNAVAILABLE
 */
export function parseObject(data: string): { readonly [name: string]: unknown } {
  if (isTooMuch(data)) throw malformed('it has too many values');
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
  if (data.length > 2 * MAX_LEVELS && isDeeperThan(value, MAX_LEVELS)) {
    throw malformed('it is nested too deep');
  }
  return value;
}

/** Whether to parse a JSON text would hold everything up: it has too many values, or too many names. */
export function isTooMuch(json: string): boolean {
  if (json.length <= SMALL) return false;
  const values = valuesAbout(json, MAX_VALUES);
  return values > MAX_VALUES || (values > MAX_NAMES && hasMoreNames(json, MAX_NAMES));
}

/** Levels of a JSON text, each of which takes two characters of it: nothing that reads it exhausts the stack. */
const MAX_LEVELS = 512;

/** Characters of a text that takes little memory and time whatever is in it. */
const SMALL = 128 * 1024;

/** See `valuesAbout`. The longest lists of errors of a batch have half of it. */
const MAX_VALUES = 524_288;

/** Different names of fields: those of the schemas of its tools come back with an answer, beside its own. */
const MAX_NAMES = MAX_OF_REQUEST + 1_024;

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
