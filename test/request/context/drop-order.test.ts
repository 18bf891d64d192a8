import { describe, expect, it } from '@jest/globals';
import { dropOrder } from '../../../src/request/context/drop-order.ts';

describe('dropOrder', () => {
  it.each([
    ['truncate_oldest', 4, [0, 1, 2, 3]],
    ['truncate_middle', 0, []],
    ['truncate_middle', 1, [0]],
    ['truncate_middle', 2, [0, 1]],
    ['truncate_middle', 4, [1, 2, 0, 3]],
    ['truncate_middle', 5, [2, 1, 3, 0, 4]],
    ['reject', 3, []],
    [undefined, 3, []],
  ] as const)('of %s over %d units is %j', (policy, length, order) => {
    expect(
      dropOrder(
        policy,
        Array.from({ length }).map((_, index) => index),
      ),
    ).toEqual(order);
  });
});
