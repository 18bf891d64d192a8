import { expect, it } from '@jest/globals';
import { toCount } from '../../../src/server/convert/count.ts';

it.each([
  [0, 0],
  [1, 1],
  [1.9, 1],
  [2 ** 31 - 1, 2 ** 31 - 1],
  [2 ** 31, 2 ** 31 - 1],
  [2 ** 32 + 5, 2 ** 31 - 1],
  [Number.POSITIVE_INFINITY, 2 ** 31 - 1],
  [-1, 0],
  [Number.NEGATIVE_INFINITY, 0],
  [Number.NaN, 0],
])('makes %p the count %p', (value, count) => {
  expect(toCount(value)).toBe(count);
});
