import { expect, it } from '@jest/globals';
import { divideUp, larger, parseWhole, smaller } from '../../src/core/bigint.ts';

it('compares', () => {
  expect([larger(1n, 2n), larger(2n, 1n), larger(-1n, 0n)]).toEqual([2n, 2n, 0n]);
  expect([smaller(1n, 2n), smaller(2n, 1n), smaller(-1n, 0n)]).toEqual([1n, 1n, -1n]);
});

it('divides, and rounds up', () => {
  expect([0n, 1n, 9n, 10n, 11n].map((a) => divideUp(a, 10n))).toEqual([0n, 1n, 1n, 1n, 2n]);
});

it('reads what others have written', () => {
  expect(['0', '-7', '9'.repeat(30)].map(parseWhole)).toEqual([0n, -7n, 10n ** 30n - 1n]);
});

it('does not read what is none, or longer than any sum', () => {
  for (const text of ['', 'x', '1.5', '0x1', ' 1', '9'.repeat(1_000_000), true, 1, null, {}]) {
    expect(() => parseWhole(text)).toThrow('no whole number');
  }
});
