/**
 * How much a test does: `few` with `npm test`, and `many` in its twin that ends with `.long.test.ts`,
 * for `npm run test:long`.
 */
export function fewOrMany<T>(few: T, many: T): T {
  return 'LONG' in globalThis ? many : few;
}
