import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { DURATION } from '../../src/server/page/script.ts';

const duration = runInNewContext(DURATION) as (ms: number) => string;

it.each([
  [-5_000, '0 s'],
  [0, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min 0 s'],
  [725_000, '12 min 5 s'],
  [3_600_000, '1 h 0 min'],
  [90_061_000, '1 d 1 h'],
])('the page tells %d ms as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
