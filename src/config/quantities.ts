import { z } from 'zod';
import { DOLLAR_NUMBERS, DOLLARS, DOLLARS_WITHIN, MOST_DOLLARS, parseDollars } from './money.ts';
import {
  BYTE_UNITS,
  boundedPattern,
  DURATION_UNITS,
  formatQuantity,
  parseQuantity,
  quantityPattern,
  type Units,
} from './units.ts';

/**
 * Builders of the schema's fields that count something. As in fields.ts, each says the same sentence
 * for whatever is wrong with a value, and never repeats the value.
 */

interface Bounds {
  readonly min: number;
  readonly max: number;
}

interface Range extends Bounds {
  readonly default: number;
}

interface Kind {
  readonly noun: string;
  readonly form: string;
  readonly units: Units;
}

/** Of numbers that travel as int32. */
export const MAX_INT32 = 2 ** 31 - 1;

const DURATION: Kind = {
  noun: 'duration',
  form: 'such as 500ms, 30s, 5m, 1h, or a plain number of milliseconds',
  units: DURATION_UNITS,
};

const SIZE: Kind = {
  noun: 'size',
  form: 'such as 64KiB, 32MiB, 1GiB, or a plain number of bytes',
  units: BYTE_UNITS,
};

/** `500ms`, `30s`, `5m`, `1h`, `2d`, or a number of ms. The range is in ms, and so is the result. */
export function duration(meaning: string, range: Range) {
  return withDefault(meaning, range, DURATION);
}

/** `64KiB`, `32MiB`, `1GiB`, or a number of bytes. The range is in bytes, and so is the result. */
export function byteSize(meaning: string, range: Range) {
  return withDefault(meaning, range, SIZE);
}

/** A duration as above, or `auto`, which is the default. */
export function durationOrAuto(meaning: string, bounds: Bounds) {
  const expected = `auto, or ${expectedOf(bounds, DURATION)}`;
  const error = `must be ${expected}`;
  return z
    .union([z.literal('auto', error), quantity(bounds, DURATION, error)], error)
    .prefault('auto')
    .describe(`${meaning} Must be ${expected}; default auto.`);
}

/** A duration as above, a percentile of what is usual (`p95`), or `off`, which is the default. */
export function durationOrPercentile(meaning: string, bounds: Bounds) {
  const expected = `off, a percentile from p50 to p99, or ${expectedOf(bounds, DURATION)}`;
  const error = `must be ${expected}`;
  const percentile = z.string().regex(/^p[5-9][0-9]$/, error);
  return z
    .union(
      [
        z.literal('off', error),
        percentile.transform((text) => ({ share: Number(text.slice(1)) / 100 })),
        quantity(bounds, DURATION, error).transform((ms) => ({ ms })),
      ],
      error,
    )
    .prefault('off')
    .describe(`${meaning} Must be ${expected}; default off.`);
}

function withDefault(meaning: string, range: Range, kind: Kind) {
  const fallback = formatQuantity(range.default, kind.units);
  const expected = expectedOf(range, kind);
  return quantity(range, kind, `must be ${expected}`)
    .prefault(fallback)
    .describe(`${meaning} Must be ${expected}; default ${fallback}.`);
}

function quantity(bounds: Bounds, { units }: Kind, error: string) {
  const number = intWithin(bounds, error);
  const pattern = boundedPattern(units, bounds.min, bounds.max);
  return z
    .union([z.string().regex(quantityPattern(units), error).meta({ pattern }), number], error)
    .transform((value) => (typeof value === 'string' ? parseQuantity(value, units) : value))
    .pipe(number);
}

function expectedOf({ min, max }: Bounds, { noun, form, units }: Kind): string {
  return `a ${noun} from ${formatQuantity(min, units)} to ${formatQuantity(max, units)}, ${form}`;
}

export function wholeNumber(meaning: string, range: Range) {
  const expected = `a whole number from ${range.min} to ${range.max}`;
  return intWithin(range, `must be ${expected}`)
    .default(range.default)
    .describe(`${meaning} Must be ${expected}; default ${range.default}.`);
}

export function optionalWholeNumber(meaning: string, bounds: Bounds) {
  const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
  return intWithin(bounds, `must be ${expected}`)
    .exactOptional()
    .describe(`${meaning} Must be ${expected}. No default.`);
}

function intWithin({ min, max }: Bounds, error: string) {
  // A number that is no safe integer must not be told to be too large as well.
  return z.int({ error, abort: true }).min(min, error).max(max, error);
}

export function numberWithin(min: number, max: number) {
  const error = `must be a number from ${min} to ${max}`;
  return z.number(error).min(min, error).max(max, error);
}

/** A part of a whole: above 0, at most 1. */
export function share() {
  const error = 'must be a number above 0, at most 1';
  return z.number(error).gt(0, error).max(1, error);
}

/** US dollars, as a number or as a decimal in quotes. Parsed to pico-dollars, exactly. */
export function dollars() {
  const error =
    'must be US dollars, such as 25 or "0.05": above 0, at most 9000000, with at most 12 decimals';
  return z
    .union(
      [
        z.string().regex(DOLLARS, error).meta({ pattern: DOLLARS_WITHIN }),
        z.number(error).meta(DOLLAR_NUMBERS),
      ],
      error,
    )
    .transform((value) => parseDollars(String(value)))
    .pipe(z.bigint(error).positive(error).max(MOST_DOLLARS, error));
}
