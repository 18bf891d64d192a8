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
    });
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
});
