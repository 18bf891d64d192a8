import { InvalidArgumentError } from 'commander';
import { DURATION_UNITS, parseQuantity } from '../config/units.ts';

/** A duration, in ms. */
export function readMs(text: string): number {
  const ms = parseQuantity(text, DURATION_UNITS);
  if (ms === undefined || ms === 0) {
    throw new InvalidArgumentError('It must be a duration such as 500ms, 30s, 5m or 1h.');
  }
  return ms;
}

/** A whole number above 0. */
export function readNumber(text: string): number {
  if (!/^0*[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number above 0.');
  }
  return Number(text);
}

/** The values of an option that is given several times. */
export function gather(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The same of `key=value`. */
export function gatherPairs(text: string, before: Readonly<Record<string, string>>) {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be key=value.');
  }
  return { ...before, [key]: value };
}
