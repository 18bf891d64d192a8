import { describe, expect, it } from '@jest/globals';
import { Places } from '../../../src/server/status/places.ts';

/** Takes as many as it gets; tells how many, and how to leave them. */
function takeAll(places: Places, owner: object) {
  const leave: (() => void)[] = [];
  for (;;) {
    const one = places.enter(owner);
    if (one === undefined) return leave;
    leave.push(one);
  }
}

describe('places', () => {
  it('are never all taken by one, and each that comes later gets its share of the rest', () => {
    const places = new Places(100);
    const shares = Array.from({ length: 4 }, () => takeAll(places, {}).length);
    expect(shares).toEqual([50, 25, 13, 6]);
  });

  it('are there again when they were left', () => {
    const places = new Places(4);
    const [first, second] = [{}, {}];
    const leave = takeAll(places, first);
    expect(leave).toHaveLength(2);
    expect(takeAll(places, second)).toHaveLength(1);
    for (const one of leave) one();
    expect(places.enter(second)).toBeDefined();
    expect(takeAll(places, first)).toHaveLength(1);
  });

  it('are all taken in the end', () => {
    const places = new Places(3);
    const got = Array.from({ length: 5 }, () => places.enter({}) !== undefined);
    expect(got).toEqual([true, true, true, false, false]);
  });
});
