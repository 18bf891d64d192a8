import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { upstreamHealth } from '../../../src/policies/health/stage.ts';
import { UpstreamHealth } from '../../../src/policies/health/upstream-health.ts';
import { aCall, completed, drain, replay, started } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setUp() {
  const clock = new FakeClock(1000);
  const health = new UpstreamHealth('https://upstream.test', clock);
  const run = (signal: AbortSignal, ...events: Parameters<typeof replay>) =>
    drain((emit) => upstreamHealth({ health })(replay(...events))(aCall({ signal }), emit));
  return { clock, health, run };
}

const live = new AbortController().signal;

describe('upstream health', () => {
  it('is healthy before the first attempt', () => {
    const { health } = setUp();
    expect(health.status).toEqual({ endpoint: 'https://upstream.test', healthy: true });
  });

  it('remembers the last success and the last failure', async () => {
    const { clock, health, run } = setUp();
    await run(live, new ProviderError('SERVICE_UNAVAILABLE'));
    expect(health.status).toMatchObject({
      healthy: false,
      lastFailureAt: 1000,
      lastFailureReason: 'SERVICE_UNAVAILABLE',
    });
    clock.advance(500);
    await run(live, started(), completed());
    expect(health.status).toEqual({
      endpoint: 'https://upstream.test',
      healthy: true,
      lastSuccessAt: 1500,
      lastFailureAt: 1000,
      lastFailureReason: 'SERVICE_UNAVAILABLE',
      lastFailure: 'SERVICE_UNAVAILABLE.',
    });
  });

  it('tells a failure in words of its own, and of the upstream its code alone', () => {
    const { health } = setUp();
    const upstreamError = { code: 'mismatched_project', characters: 176 };
    const message = 'The upstream said: Say hello';
    health.failed(new ProviderError('INVALID_API_KEY', { message, upstreamError }));
    expect(health.status.lastFailure).toBe('INVALID_API_KEY (mismatched_project).');
    health.failed(new ProviderError('NETWORK_ERROR', { message: 'There is no route.' }));
    expect(health.status.lastFailure).toBe('NETWORK_ERROR: There is no route.');
  });

  it.each(['INVALID_API_KEY', 'QUOTA_EXCEEDED', 'PROVIDER_ERROR'] as const)(
    'holds %s against the upstream',
    async (reason) => {
      const { health, run } = setUp();
      await run(live, new ProviderError(reason));
      expect(health.status).toMatchObject({ healthy: false, lastFailureReason: reason });
    },
  );

  it.each(['INVALID_REQUEST', 'MODEL_NOT_FOUND', 'RATE_LIMIT_EXCEEDED', 'CANCELLED'] as const)(
    'does not hold %s against the upstream',
    async (reason) => {
      const { health, run } = setUp();
      const { error } = await run(live, new ProviderError(reason));
      expect(error).toMatchObject({ reason });
      expect(health.status.healthy).toBe(true);
    },
  );

  it('does not hold a failure against the upstream that the end of the call caused', async () => {
    const { health, run } = setUp();
    await run(AbortSignal.abort(), new ProviderError('NETWORK_ERROR'));
    expect(health.status.healthy).toBe(true);
  });

  it('knows of a success that follows a success', async () => {
    const { health, run } = setUp();
    await run(live, started(), completed());
    expect(health.status).toEqual({
      endpoint: 'https://upstream.test',
      healthy: true,
      lastSuccessAt: 1000,
    });
  });

  it('is healthy while at most half of what was asked in five minutes failed', async () => {
    const { clock, health, run } = setUp();
    const failing = () => run(live, new ProviderError('SERVICE_UNAVAILABLE'));
    await run(live, started(), completed());
    await failing();
    expect(health.status.healthy).toBe(true);
    await failing();
    expect(health.status.healthy).toBe(false);
    clock.advance(310_000);
    expect(health.status.healthy).toBe(true);
  });

  it.each([-3, 3])('keeps to its five minutes when the wall clock is set by %p hours', (hours) => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    let ahead = 0;
    const dated = {
      now: () => clock.now() + ahead,
      after: clock.after.bind(clock),
      afterSilence: clock.afterSilence.bind(clock),
    };
    const health = new UpstreamHealth('https://upstream.test', clock, dated);
    health.failed(new ProviderError('TIMEOUT'));
    ahead = hours * 3_600_000;
    expect(health.status.healthy).toBe(false);
    health.failed(new ProviderError('TIMEOUT'));
    expect(health.status.lastFailureAt).toBe(clock.now() + ahead);
    clock.advance(310_000);
    expect(health.status.healthy).toBe(true);
  });
});
