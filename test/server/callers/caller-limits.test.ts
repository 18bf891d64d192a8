import { describe, expect, it } from '@jest/globals';
import { CallerLimits } from '../../../src/server/callers/caller-limits.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('the limits of a caller', () => {
  it('count calls until they end, each once', () => {
    const limits = new CallerLimits('shop', { concurrent: 2 }, new FakeClock());
    const leave = limits.enter();
    limits.enter();
    expect(() => limits.enter()).toThrow('The caller shop may make 2 calls at once, and does.');
    leave();
    leave();
    limits.enter();
    expect(() => limits.enter()).toThrow('at once');
  });

  it('count calls of a minute, and say when there is room', () => {
    const clock = new FakeClock();
    const limits = new CallerLimits('shop', { requestsPerMinute: 1 }, clock);
    limits.enter()();
    const refused = expect.objectContaining({
      facts: expect.objectContaining({ retryAfterMs: expect.any(Number) }),
    });
    expect(() => limits.enter()).toThrow(refused as never);
    clock.advance(60_500);
    limits.enter();
  });

  it('are none where none are set', () => {
    const limits = new CallerLimits('shop', {}, new FakeClock());
    for (let call = 0; call < 1_000; call += 1) limits.enter();
  });
});
