import { isObject } from '../../core/is-object.ts';
import { invalidValue, Rejection } from './strict-error.ts';

/** Checks the value that stands at `path`; throws a Rejection if OpenAI would not take it. */
export type Check = (value: unknown, path: string) => void;

/** A JSON object of unknown content. */
export type Fields = Readonly<Record<string, unknown>>;

export const flag: Check = (value, path) => {
  if (typeof value !== 'boolean') throw invalidType(path, 'a boolean', value);
};

export function decimal(least: number, most: number): Check {
  return (value, path) => {
    if (typeof value !== 'number') throw invalidType(path, 'a decimal', value);
    checkRange('decimal', value, path, least, most);
  };
}

export function integer(least: number, most: number): Check {
  return (value, path) => {
    if (!Number.isInteger(value)) throw invalidType(path, 'an integer', value);
    checkRange('integer', Number(value), path, least, most);
  };
}

interface TextLimits {
  /** Default 0. */
  readonly least?: number;
  /** Default: what OpenAI allows for any text. */
  readonly most?: number;
  readonly pattern?: RegExp;
}

const LONGEST_TEXT = 10_485_760;

/** Lengths are counted in characters. */
export function text({ least = 0, most = LONGEST_TEXT, pattern }: TextLimits = {}): Check {
  return (value, path) => {
    if (typeof value !== 'string') throw invalidType(path, 'a string', value);
    if (value.length < least) {
      throw invalid(path, 'empty string', `a string with minimum length ${least}`, 'empty_string');
    }
    if (value.length > most) {
      const expected = `a string with maximum length ${most}`;
      throw invalid(path, 'string too long', expected, 'string_above_max_length');
    }
    if (pattern !== undefined && !pattern.test(value)) {
      const expected = `a string that matches the pattern '${pattern.source}'`;
      throw invalid(path, 'string does not match pattern', expected, 'invalid_value');
    }
  };
}

export function oneOf(...values: readonly string[]): Check {
  return (value, path) => {
    if (typeof value !== 'string') {
      throw invalidType(path, `one of ${values.map((word) => `'${word}'`).join(', ')}`, value);
    }
    if (!values.includes(value)) throw invalidValue(path, value, values);
  };
}

export function arrayOf(item: Check, least: number, most: number): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalidType(path, 'an array', value);
    if (value.length < least) {
      throw invalid(path, 'empty array', `an array with minimum length ${least}`, 'empty_array');
    }
    if (value.length > most) {
      const expected = `an array with maximum length ${most}`;
      throw invalid(path, 'array too long', expected, 'array_above_max_length');
    }
    for (const [index, each] of value.entries()) item(each, `${path}[${index}]`);
  };
}

/** Any of several forms, told apart by the type of the value. */
export function either(first: (value: unknown) => boolean, then: Check, otherwise: Check): Check {
  return (value, path) => (first(value) ? then : otherwise)(value, path);
}

export function nullable(check: Check): Check {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

export const anyObject: Check = (value, path) => {
  if (!isObject(value)) throw invalidType(path, 'an object', value);
};

/** An object with these fields and no others; a field of the required ones must be there. */
export function object(
  fields: Readonly<Record<string, Check>>,
  required: readonly string[],
): Check {
  const known = new Map(Object.entries(fields));
  return (value, path) => {
    if (!isObject(value)) throw invalidType(path, 'an object', value);
    for (const [name, each] of Object.entries(value)) {
      const at = join(path, name);
      const check = known.get(name);
      if (check === undefined) throw unknownParameter(at);
      check(each, at);
    }
    const absent = required.find((name) => !Object.hasOwn(value, name));
    if (absent !== undefined) throw missing(join(path, absent));
  };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function unknownParameter(param: string): Rejection {
  return new Rejection(`Unknown parameter: '${param}'.`, { param, code: 'unknown_parameter' });
}

/** One of several objects, told apart by the value of one of their fields. */
export function variant(field: string, kinds: Readonly<Record<string, Check>>): Check {
  const known = new Map(Object.entries(kinds));
  return (value, path) => {
    if (!isObject(value)) throw invalidType(path, 'an object', value);
    const kind = value[field];
    if (kind === undefined) throw missing(`${path}.${field}`);
    const check = known.get(String(kind));
    if (check === undefined) throw invalidValue(`${path}.${field}`, kind, [...known.keys()]);
    check(value, path);
  };
}

function missing(path: string): Rejection {
  return new Rejection(`Missing required parameter: '${path}'.`, {
    param: path,
    code: 'missing_required_parameter',
  });
}

export function invalidType(path: string, expected: string, value: unknown): Rejection {
  const kind = Array.isArray(value) ? 'array' : typeof value;
  const got = value === null ? 'null' : `${/^[ao]/.test(kind) ? 'an' : 'a'} ${kind}`;
  return new Rejection(
    `Invalid type for '${path}': expected ${expected}, but got ${got} instead.`,
    { param: path, code: 'invalid_type' },
  );
}

/** A value of the right type outside of its limits. */
export function invalid(path: string, what: string, expected: string, code: string): Rejection {
  return new Rejection(`Invalid '${path}': ${what}. Expected ${expected}.`, { param: path, code });
}

function checkRange(
  kind: 'integer' | 'decimal',
  value: number,
  path: string,
  least: number,
  most: number,
): void {
  if (value < least) {
    const expected = `a value >= ${least}, but got ${value} instead`;
    throw invalid(path, `${kind} below minimum value`, expected, `${kind}_below_min_value`);
  }
  if (value > most) {
    const expected = `a value <= ${most}, but got ${value} instead`;
    throw invalid(path, `${kind} above maximum value`, expected, `${kind}_above_max_value`);
  }
}
