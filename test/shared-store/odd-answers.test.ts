import { describe, expect, it } from '@jest/globals';
import { SharedAnswers } from '../../src/shared-store/answers/shared-answers.ts';
import { readAnswers } from '../../src/shared-store/budgets/account-report.ts';
import { readDrawn } from '../../src/shared-store/rates/script.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** What others that write into the server may have its scripts say. */

const GRANTED = {
  kind: 'granted',
  ...{ base: '0', granted: '10', booked: '0', held: '0', free: '-5', fair: '1' },
  ...{ scarce: false, waiting: false, lost: false },
};
const DRAWN = { granted: 1, level: 0.5, sidecars: 2 };

const replyOf = (answer: object, odd: object) => [JSON.stringify({ ...answer, ...odd })];

describe('an answer to reports of accounts', () => {
  it('has amounts of 0 or more, and what is left may be less', () => {
    expect(readAnswers(replyOf(GRANTED, {}))).toMatchObject([{ granted: 10n, free: -5n }]);
  });

  it.each([
    { booked: '-1' },
    { held: '-1' },
    { granted: 1e30 },
    { fair: 'much' },
    { free: null },
    { base: true },
    { waiting: 'no' },
  ])('is none with %j', (odd) => {
    expect(() => readAnswers(replyOf(GRANTED, odd))).toThrow('what is no lease');
  });
});

describe('an answer to draws from a rate limit', () => {
  it.each([{ granted: -1 }, { level: 'low' }, { sidecars: 0 }, { sidecars: 1e300 }])(
    'is none with %j',
    (odd) => {
      expect(readDrawn(replyOf(DRAWN, {}))).toEqual([DRAWN]);
      expect(() => readDrawn(replyOf(DRAWN, odd))).toThrow('no draw from a rate limit');
    },
  );
});

describe('an answer of the response cache', () => {
  const NO_EVENTS = { failed() {}, kept() {}, evicted() {} };

  function cacheOf(reply: unknown) {
    const runner = { isUp: true, run: async () => reply, onChange() {} };
    const options = { maxBytes: 1_000_000, maxEntries: 10 };
    return new SharedAnswers(runner, { keyPrefix: 'test:' }, new FakeClock(), options, NO_EVENTS);
  }

  it.each([
    [['1', 'many', '5', null]],
    [['1', 2, '1e999', null]],
    [['1', 0.5, '0', null]],
    [[]],
    [['1', 2, '5', 'some']],
  ])('tells no numbers that are none: %j', async (reply) => {
    const cache = cacheOf(reply);
    await cache.get('key');
    await expect(cache.invalidate({ type: 'key', key: 'key' })).rejects.toThrow('no cache');
    for (const count of Object.values(cache.size())) expect(count % 1).toBe(0);
  });

  it('tells of no less than nothing', async () => {
    const cache = cacheOf(['1', 2, '-5', 1]);
    expect(await cache.invalidate({ type: 'key', key: 'key' })).toBe(1);
    expect(cache.size()).toEqual({ entries: 2, bytes: 0 });
  });
});
