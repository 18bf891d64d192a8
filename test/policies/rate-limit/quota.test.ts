import { describe, expect, it } from '@jest/globals';
import { localSource } from '../../../src/policies/rate-limit/local-source.ts';
import { Quota } from '../../../src/policies/rate-limit/quota.ts';

const SUBJECT = 'requests per minute';
const TARGET = { upstream: 'default', model: 'gpt-test' };
const FULL = { limit: 600, remaining: 600, resetMs: 0 };
const EMPTY = { limit: 600, remaining: 0, resetMs: 60_000 };

function configured(limit: number): Quota {
  const source = localSource({ subject: SUBJECT, limit }, TARGET, 0);
  return new Quota(SUBJECT, { limit, source });
}

function mark(quota: Quota, at: number) {
  return { at, taken: quota.taken };
}

/** How many it lets through at once. */
function takeAll(quota: Quota, now: number): number {
  let count = 0;
  while (count < 1_000 && quota.take(1, now)) count += 1;
  return count;
}

describe('Quota', () => {
  it('limits nothing while nothing is known', () => {
    const quota = new Quota(SUBJECT);
    expect(quota.isLimited).toBe(false);
    expect(takeAll(quota, 0)).toBe(1_000);
    expect(quota.waitMs(1, 0)).toBe(0);
  });

  it('keeps to the configured limit, whatever the upstream reports beyond it', () => {
    const quota = configured(60);
    quota.reported(FULL, mark(quota, 0), 0);
    expect(quota.isLimited).toBe(true);
    expect(takeAll(quota, 0)).toBe(1);
  });

  it('keeps to what the upstream reports below the configured limit', () => {
    const quota = configured(60_000);
    quota.reported(EMPTY, mark(quota, 0), 0);
    expect(takeAll(quota, 0)).toBe(0);
    expect(quota.waitMs(1, 0)).toBeGreaterThan(100);
    // What was tried in vain has cost nothing of the configured limit.
    quota.reported(FULL, mark(quota, 0), 0);
    expect(takeAll(quota, 0)).toBe(20);
  });

  it('paces what was refused although enough remained, without lowering the rate', () => {
    const quota = new Quota(SUBJECT);
    quota.reported(FULL, mark(quota, 0), 0);
    quota.refused(mark(quota, 100), 100);
    expect(takeAll(quota, 100)).toBe(0);
    expect(quota.waitMs(1, 100)).toBeCloseTo(100 / 0.97, 6);
  });

  it('lowers a learned rate once a minute, and forgets it after ten', () => {
    const quota = new Quota(SUBJECT);
    quota.reported(EMPTY, mark(quota, 0), 0);
    quota.refused(mark(quota, 100), 100);
    quota.refused(mark(quota, 200), 200);
    quota.reported(FULL, mark(quota, 200), 200);
    expect(quota.waitMs(1, 200)).toBeCloseTo(100 / 0.97 / 0.95, 2);
    quota.reported(FULL, mark(quota, 300_200), 300_200);
    takeAll(quota, 300_200);
    expect(quota.waitMs(1, 300_200)).toBeLessThan(100 / 0.97 / 0.97);
    quota.reported(FULL, mark(quota, 600_200), 600_200);
    expect(takeAll(quota, 600_200)).toBe(600);
  });

  it('does not lower the rate for what was sent before the limit was known', () => {
    const quota = new Quota(SUBJECT);
    const sent = mark(quota, 0);
    quota.reported(FULL, sent, 100);
    quota.refused(sent, 100);
    expect(takeAll(quota, 100)).toBe(600);
  });

  it('does not lower a configured rate that is the tighter one', () => {
    const quota = configured(60);
    quota.reported(EMPTY, mark(quota, 0), 0);
    quota.refused(mark(quota, 1), 1);
    quota.reported(FULL, mark(quota, 1), 1);
    expect(takeAll(quota, 1)).toBe(1);
  });

  it('leaves a configured limit alone where the upstream reports nothing', () => {
    const quota = configured(60);
    quota.refused(mark(quota, 1), 1);
    expect(takeAll(quota, 1)).toBe(1);
  });

  it('guesses nothing from a refusal where nothing was reported', () => {
    const quota = new Quota(SUBJECT);
    for (let now = 0; now < 90_000; now += 100) quota.take(1, now);
    quota.refused(mark(quota, 90_000), 90_000);
    expect(takeAll(quota, 90_000)).toBe(1_000);
  });

  it('takes back what never reached the upstream', () => {
    const quota = configured(60);
    quota.take(1, 0);
    quota.undo(1, 0);
    expect(quota.taken).toBe(0);
    expect(takeAll(quota, 0)).toBe(1);
  });

  it.each([2 ** 53, 1e308, Number.MAX_VALUE])(
    'finds what is left of a limit of %p in a bounded number of steps',
    (limit) => {
      let asked = 0;
      const waitMs = (amount: number) => {
        asked += 1;
        return amount <= 1_000 ? 0 : 1;
      };
      const source = {
        take: () => true,
        waitMs,
        give() {},
        awaited() {},
        resize() {},
        onChange() {},
      };
      const quota = new Quota(SUBJECT, { limit, source });
      expect(quota.left(0)).toBe(1_000);
      expect(asked).toBeLessThan(60);
    },
  );

  it('has all of a limit left, as far as whole numbers are told apart', () => {
    const perDay = (limit: number) => {
      const subject = 'requests per day';
      return new Quota(subject, { limit, source: localSource({ subject, limit }, TARGET, 0) });
    };
    expect(perDay(2 ** 53 - 1).left(0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(perDay(2 ** 53).left(0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(perDay(1e308).left(0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(new Quota(SUBJECT).left(0)).toBe(0);
  });
});
