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
