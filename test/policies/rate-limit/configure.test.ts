import { describe, expect, it } from '@jest/globals';
import { KeyRing } from '../../../src/policies/keys/key-ring.ts';
import { RateLimiters } from '../../../src/policies/rate-limit/limiters.ts';
import { localSource } from '../../../src/policies/rate-limit/local-source.ts';
import { DEFAULT_RATE_LIMIT } from '../../../src/policies/rate-limit/options.ts';
import { asking } from '../../request/route/a-router.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TARGET = { upstream: 'default', model: 'gpt-test' };

function setUp(options: Partial<typeof DEFAULT_RATE_LIMIT & { requestsPerDay: number }>) {
  const clock = new FakeClock();
  const limiters = new RateLimiters(
    'default',
    { ...DEFAULT_RATE_LIMIT, ...options },
    { clock, maxWaitMs: 2_000, sizes: { estimate: () => 100, count: async () => 100 } },
  );
  return { clock, limiters, limiter: limiters.limiter('gpt-test') };
}

describe('limits that become others', () => {
  it.each([
    [2_000, 1_100],
    [950, 50],
  ])('of %p a day leave %p of what was not used of 1000', (limit, left) => {
    const source = localSource({ subject: 'requests per day', limit: 1_000 }, TARGET, 0);
    expect(source.take(900, 0)).toBe(true);
    source.resize(limit, 0);
    expect([source.waitMs(left, 0), source.waitMs(left + 1, 0) > 0]).toEqual([0, true]);
  });

  it('that are lower than what was used are owed the rest', () => {
    const source = localSource({ subject: 'requests per day', limit: 1_000 }, TARGET, 0);
    source.take(900, 0);
    source.resize(500, 0);
    expect(source.take(1, 0)).toBe(false);
    source.resize(1_000, 0);
    expect(source.take(100, 0)).toBe(true);
    expect(source.take(1, 0)).toBe(false);
  });

  it('let go who waits, and count what runs', async () => {
    const { limiters, limiter } = setUp({ maxConcurrent: 1 });
    const first = await limiter.admit(asking());
    const waits = Promise.resolve(limiter.admit(asking()));
    expect(limiter).toMatchObject({ running: 1, queued: 1 });
    limiters.configure({ ...DEFAULT_RATE_LIMIT, maxConcurrent: 2 }, 2_000);
    const second = await waits;
    expect(limiter).toMatchObject({ running: 2, queued: 0 });
    limiters.configure({ ...DEFAULT_RATE_LIMIT, maxConcurrent: 1 }, 2_000);
    first.release();
    const third = limiter.admit(asking());
    expect(third).toBeInstanceOf(Promise);
    second.release();
    (await third).release();
    expect(limiter).toMatchObject({ running: 0, queued: 0, concurrencyLimit: 1 });
  });

  it('come and go', async () => {
    const { limiters, limiter, clock } = setUp({});
    limiters.configure({ ...DEFAULT_RATE_LIMIT, requestsPerMinute: 1 }, 2_000);
    const first = await limiter.admit(asking());
    const waits = limiter.admit(asking());
    expect(waits).toBeInstanceOf(Promise);
    limiters.configure(DEFAULT_RATE_LIMIT, 2_000);
    (await waits).release();
    first.release();
    expect(clock.pending).toBe(0);
  });
});

describe('a ring of other keys', () => {
  it('sets aside those of which that is known, wherever they stand now', () => {
    const clock = new FakeClock();
    const key = (secret: string, weight = 1) => ({ secret, weight });
    const before = new KeyRing([key('one'), key('two')], clock);
    before.refused(1, 'INVALID_API_KEY');
    const ring = new KeyRing([key('two'), key('three'), key('one', 5)], clock, before);
    expect([0, 1, 2].map((position) => ring.isSetAside(position))).toEqual([true, false, false]);
    // A call that runs with the ring of before finds out that it works again.
    before.succeeded(1);
    expect(ring.setAside).toBe(0);
  });

  it('takes a key for the same whose file holds another secret', () => {
    const clock = new FakeClock();
    const before = new KeyRing(
      [
        { secret: 'old', file: 'key', weight: 1 },
        { secret: 'other', weight: 1 },
      ],
      clock,
    );
    before.refused(0, 'QUOTA_EXCEEDED');
    const ring = new KeyRing(
      [
        { secret: 'other', weight: 1 },
        { secret: 'new', file: 'key', weight: 1 },
      ],
      clock,
      before,
    );
    expect(ring.isSetAside(1)).toBe(true);
  });
});
