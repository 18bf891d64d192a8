import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { RateLimiters } from '../../../src/policies/rate-limit/limiters.ts';
import { DEFAULT_RATE_LIMIT } from '../../../src/policies/rate-limit/options.ts';
import type { Permit } from '../../../src/policies/rate-limit/permit.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const SIZES = { estimate: () => 10, count: async () => 10 };

function limitersOf(options = DEFAULT_RATE_LIMIT): RateLimiters {
  return new RateLimiters('default', options, {
    clock: new FakeClock(),
    sizes: SIZES,
    maxWaitMs: 2_000,
  });
}

describe('RateLimiters', () => {
  it('tell whether the upstream lets nothing through to a model', () => {
    const limiters = limitersOf();
    expect(limiters.isHeld('a')).toBe(false);
    const permit = limiters.limiter('a').admit(aCall()) as Permit;
    permit.fail(
      new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs: 9_000 }),
    );
    permit.release();
    expect([limiters.isHeld('a'), limiters.isHeld('b')]).toEqual([true, false]);
    limiters.configure({ ...DEFAULT_RATE_LIMIT, enabled: false }, 2_000);
    expect(limiters.isHeld('a')).toBe(false);
  });

  it('knows an upstream that wants no key as one quota group, which is not held', () => {
    const limiters = new RateLimiters('default', DEFAULT_RATE_LIMIT, {
      clock: new FakeClock(),
      sizes: SIZES,
      maxWaitMs: 2_000,
      quotaGroups: [],
    });
    (limiters.limiter('a').admit(aCall()) as Permit).release();
    const [load] = limiters.status();
    expect(load).toEqual({
      model: 'a',
      running: 0,
      queued: 0,
      queueWaitMs: 0,
      concurrencyLimit: 1_000,
    });
    expect(limiters.headroom('a', 0)).toBe(1);
  });

  it('has one limiter per model, and tells how busy each is', () => {
    const limiters = limitersOf();
    expect(limiters.limiter('a')).toBe(limiters.limiter('a'));
    expect(limiters.limiter('b')).not.toBe(limiters.limiter('a'));
    limiters.limiter('a').admit(aCall());
    expect([...limiters.status()]).toEqual([
      { model: 'b', running: 0, queued: 0, queueWaitMs: 0, concurrencyLimit: 1_000 },
      { model: 'a', running: 1, queued: 0, queueWaitMs: 0, concurrencyLimit: 1_000 },
    ]);
  });

  it('forgets the longest unused of a thousand, but none that is in use', () => {
    const limiters = limitersOf();
    const busy = limiters.limiter('busy');
    const permit = busy.admit(aCall()) as Permit;
    for (let index = 0; index < 1_100; index += 1) limiters.limiter(`model-${index}`);
    const models = [...limiters.status()].map(({ model }) => model);
    expect(models).toHaveLength(1_000);
    expect(models).toContain('busy');
    expect(models).not.toContain('model-0');
    expect(limiters.limiter('busy')).toBe(busy);
    permit.release();
  });

  it('forgets none while all are in use', () => {
    const limiters = limitersOf();
    for (let index = 0; index < 1_001; index += 1)
      limiters.limiter(`model-${index}`).admit(aCall());
    expect([...limiters.status()]).toHaveLength(1_001);
  });

  it('refuses all who wait when it is closed', async () => {
    const limiters = limitersOf({ ...DEFAULT_RATE_LIMIT, maxConcurrent: 1 });
    limiters.limiter('a').admit(aCall());
    const waiting = limiters.limiter('a').admit(aCall());
    limiters.close();
    await expect(waiting).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  });
});
