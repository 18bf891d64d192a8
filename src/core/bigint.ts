export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Rounded up. @param a 0 or more @param b above 0 */
export function divideUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/** More digits than any sum has; of millions the conversion takes seconds. */
const WHOLE = /^-?\d{1,30}$/;

/**
 * A whole number that others have written.
 *
 * @throws RangeError if it is none, or has more than 30 digits
 */
export function parseWhole(text: unknown): bigint {
  if (typeof text === 'string' && WHOLE.test(text)) return BigInt(text);
  throw new RangeError('It is no whole number.');
}
