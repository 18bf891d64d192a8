import { describe, expect, it } from '@jest/globals';
import { priorityOf } from '../../../src/policies/rate-limit/priority.ts';

describe('the priority of a request', () => {
  it.each([
    ['priority', 0],
    ['fast', 0],
    ['default', 1],
    ['auto', 1],
    ['ultrafast', 1],
    [undefined, 1],
    ['flex', 2],
  ])('that asks for the tier %s is %d', (serviceTier, expected) => {
    expect(priorityOf(serviceTier === undefined ? {} : { serviceTier })).toBe(expected);
  });

  it('is the last if nobody waits for it', () => {
    expect(priorityOf({ serviceTier: 'priority' }, true)).toBe(3);
  });
});
