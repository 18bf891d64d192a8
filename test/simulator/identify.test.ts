import { expect, it } from '@jest/globals';
import { seededIds } from '../../src/simulator/identify.ts';

const arrival = (text: string) => ({ method: 'POST', path: '/v1', bytes: Buffer.from(text) });

it('gives the same request another id each time, by the seed', () => {
  const [one, same, other] = [seededIds(1), seededIds(1), seededIds(2)];
  const ids = [one(arrival('a')), one(arrival('a')), one(arrival('b')), other(arrival('a'))];
  expect(new Set(ids).size).toBe(4);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  expect([same(arrival('b')), same(arrival('a')), same(arrival('a'))]).toEqual([
    ids[2],
    ids[0],
    ids[1],
  ]);
});

it('remembers 100,000 requests, and forgets the one that did not come for longest', () => {
  const identify = seededIds(0);
  const [forgotten, kept] = [identify(arrival('forgotten')), identify(arrival('kept'))];
  const again = identify(arrival('kept'));
  for (let n = 0; n < 99_999; n += 1) identify(arrival(`${n}`));
  expect([kept, again]).not.toContain(identify(arrival('kept')));
  expect(identify(arrival('forgotten'))).toBe(forgotten);
});
