import { z } from 'zod';
import { isHostAndPort, isUnixSocket } from './addresses.ts';
import {
  BYTE_UNITS,
  DURATION_UNITS,
  formatQuantity,
  parseQuantity,
  quantityPattern,
  type Units,
} from './units.ts';

/**
 * Builders of the schema's fields. Each says the same sentence for whatever is wrong with a value,
 * and never repeats the value: it may be a secret in the wrong place.
 */

interface Range {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** `500ms`, `30s`, `5m`, `1h`, or a number of ms. The range is in ms, and so is the result. */
export function duration(meaning: string, range: Range) {
  const form = 'such as 500ms, 30s, 5m, 1h, or a plain number of milliseconds';
  return quantity(meaning, range, { noun: 'duration', form, units: DURATION_UNITS });
}

/** `64KiB`, `32MiB`, `1GiB`, or a number of bytes. The range is in bytes, and so is the result. */
export function byteSize(meaning: string, range: Range) {
  const form = 'such as 64KiB, 32MiB, 1GiB, or a plain number of bytes';
  return quantity(meaning, range, { noun: 'size', form, units: BYTE_UNITS });
}

function quantity(
  meaning: string,
  range: Range,
  { noun, form, units }: { noun: string; form: string; units: Units },
) {
  const format = (value: number) => formatQuantity(value, units);
  const expected = `a ${noun} from ${format(range.min)} to ${format(range.max)}, ${form}`;
  const error = `must be ${expected}`;
  const number = intWithin(range, error);
  return z
    .union([z.string().regex(quantityPattern(units), error), number], error)
    .transform((value) => (typeof value === 'string' ? parseQuantity(value, units) : value))
    .pipe(number)
    .prefault(format(range.default))
    .describe(`${meaning} Must be ${expected}; default ${format(range.default)}.`);
}

export function wholeNumber(meaning: string, range: Range) {
  const expected = `a whole number from ${range.min} to ${range.max}`;
  return intWithin(range, `must be ${expected}`)
    .default(range.default)
    .describe(`${meaning} Must be ${expected}; default ${range.default}.`);
}

function intWithin({ min, max }: Range, error: string) {
  // A number that is no safe integer must not be told to be too large as well.
  return z.int({ error, abort: true }).min(min, error).max(max, error);
}

export function flag(meaning: string, fallback: boolean) {
  return z
    .boolean('must be true or false')
    .default(fallback)
    .describe(`${meaning} true or false; default ${fallback}.`);
}

export function choice<const T extends readonly [string, ...string[]]>(
  meaning: string,
  values: T,
  fallback: NoInfer<T[number]>,
) {
  return z
    .enum(values, `must be one of ${values.join(', ')}`)
    .prefault(fallback)
    .describe(`${meaning} One of ${values.join(', ')}; default ${fallback}.`);
}

/** Text that can travel in an HTTP header: visible ASCII, at least one character, no space. */
export function token() {
  const error = 'must be visible ASCII characters without a space, at most 256';
  return z.string(error).regex(/^[!-~]{1,256}$/, error);
}

export function filePath() {
  const error = 'must be the path of a file';
  return z.string(error).min(1, error);
}

/** An http or https URL without user, query and fragment. Parsed to one without closing slash. */
export function baseUrl(meaning: string, fallback: string) {
  const error = 'must be an http or https URL without credentials, query and fragment';
  return z
    .string(error)
    .refine(isBaseUrl, error)
    .transform((url) => url.replace(/\/+$/, ''))
    .prefault(fallback)
    .describe(
      `${meaning} An http or https URL without credentials, query and fragment; default ${fallback}.`,
    );
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\/[^\s?#]+$/i.test(text)) return false;
  return url.username === '' && url.password === '';
}

/** Addresses to listen on, as a list or in one comma-separated text. Parsed to a list. */
export function listenAddresses(meaning: string, fallback: string) {
  const form = 'host:port, [v6]:port or unix:/absolute/path (at most 107 bytes)';
  const error = `must be ${form}, or a list of these`;
  return z
    .union([z.string(error), z.array(z.string(error)).min(1, error)], error)
    .transform((value) => (typeof value === 'string' ? value.split(',') : value))
    .transform((addresses) => addresses.map((text) => text.trim()))
    .superRefine((addresses, context) => {
      for (const [index, text] of addresses.entries()) {
        if (isHostAndPort(text) || isUnixSocket(text)) continue;
        const which = addresses.length > 1 ? `address ${index + 1} ` : '';
        context.addIssue({ code: 'custom', message: `${which}must be ${form}` });
      }
    })
    .prefault(fallback)
    .describe(
      `${meaning} One or several of ${form}, comma-separated or as a list; default ${fallback}.`,
    );
}

export function hostAndPort(meaning: string, fallback: string) {
  const error = 'must be host:port or [v6]:port, port 0 to 65535';
  return z
    .string(error)
    .refine(isHostAndPort, error)
    .prefault(fallback)
    .describe(`${meaning} host:port or [v6]:port; default ${fallback}.`);
}

/** Keys that belong together, unknown ones refused. */
export function group<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, 'must be a group of keys');
}
