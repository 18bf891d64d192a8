import { expect, it } from '@jest/globals';
import { divideUp, larger, smaller } from '../../src/core/bigint.ts';

it('compares', () => {
  expect([larger(1n, 2n), larger(2n, 1n), larger(-1n, 0n)]).toEqual([2n, 2n, 0n]);
  expect([smaller(1n, 2n), smaller(2n, 1n), smaller(-1n, 0n)]).toEqual([1n, 1n, -1n]);
});

it('divides, and rounds up', () => {
  expect([0n, 1n, 9n, 10n, 11n].map((a) => divideUp(a, 10n))).toEqual([0n, 1n, 1n, 1n, 2n]);
});
