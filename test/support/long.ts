/**
 * How much a test does: `few` with `npm test`, and `many` in its twin that ends with `.long.test.ts`,
 * for `npm run test:long`.
 */
export function fewOrMany(few: number, many: number): number {
  return 'LONG' in globalThis ? many : few;
}
