import { InvalidArgumentError } from 'commander';
import { DURATION_UNITS, formatQuantity, parseQuantity } from '../config/units.ts';

/** Reads a duration, in ms. A bare number is refused: whoever types `5` most likely means seconds. */
export function durationUpTo(most: number): (text: string) => number {
  return (text) => {
    const ms = /\D$/.test(text) ? parseQuantity(text, DURATION_UNITS) : undefined;
    if (ms === undefined || ms === 0 || ms > most) {
      const longest = formatQuantity(most, DURATION_UNITS);
      throw new InvalidArgumentError(
        `It must be a duration with its unit, such as 500ms, 30s, 5m or 1h, and at most ${longest}.`,
      );
    }
    return ms;
  };
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
