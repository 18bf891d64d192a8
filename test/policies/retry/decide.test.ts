import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS, type ErrorReason } from '../../../src/core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../../src/core/errors.ts';
import { decideRetry, type FailedTry } from '../../../src/policies/retry/decide.ts';
import { DEFAULT_RETRY } from '../../../src/policies/retry/options.ts';

const UPSTREAM: ErrorFacts = { upstreamStatus: 500 };
const REASONS = Object.keys(ERROR_KINDS) as ErrorReason[];

function decide(error: ProviderError, fields: Partial<Omit<FailedTry, 'error'>> = {}) {
  return decideRetry(
    {
      error,
      attempts: 1,
      free: false,
      final: false,
      remainingMs: Number.POSITIVE_INFINITY,
      hasAlternatives: false,
      tookMs: 0,
      ...fields,
    },
    DEFAULT_RETRY,
    { random: () => 0.5, maxWaitMs: 2_000 },
  );
}

function retried(reason: ErrorReason, facts: ErrorFacts = UPSTREAM): boolean {
  return decide(new ProviderError(reason, facts)).retry;
}

const unavailable = new ProviderError('SERVICE_UNAVAILABLE', UPSTREAM);
const silent = new ProviderError('TIMEOUT', { timeoutPhase: 'first_token' });

describe('decideRetry: which failures', () => {
  it('retries what may pass', () => {
    expect(REASONS.filter((reason) => retried(reason))).toEqual([
      'RATE_LIMIT_EXCEEDED',
      'SERVICE_UNAVAILABLE',
      'NETWORK_ERROR',
      'TIMEOUT',
    ]);
  });

  it('retries an error it does not know if the upstream says so, and no refusal even then', () => {
    expect(REASONS.filter((reason) => retried(reason, { ...UPSTREAM, shouldRetry: true }))).toEqual(
      ['RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE', 'NETWORK_ERROR', 'TIMEOUT', 'PROVIDER_ERROR'],
    );
  });

  it('retries nothing if the upstream says not to', () => {
    expect(
      REASONS.filter((reason) => retried(reason, { ...UPSTREAM, shouldRetry: false })),
    ).toEqual([]);
  });

  it("retries the upstream's rate limit, in whatever way it is told, but not our own queue's", () => {
    expect(retried('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 })).toBe(true);
    expect(retried('RATE_LIMIT_EXCEEDED', { upstreamCode: 'rate_limit_exceeded' })).toBe(true);
    expect(retried('RATE_LIMIT_EXCEEDED', { retryAfterMs: 100 })).toBe(false);
  });

  it('retries an answer that cannot be read once', () => {
    const error = new ProviderError('SERVICE_UNAVAILABLE', { ...UPSTREAM, unreadable: true });
    expect(decide(error).retry).toBe(true);
    expect(decide(error, { attempts: 2 }).retry).toBe(false);
  });

  it('makes no more attempts than are allowed', () => {
    expect(decide(unavailable, { attempts: 2 }).retry).toBe(true);
    expect(decide(unavailable, { attempts: 3 })).toEqual({ retry: false, error: unavailable });
    expect(decide(unavailable, { attempts: 5 }).retry).toBe(false);
  });

  it('makes none once nothing may follow', () => {
    expect(decide(unavailable, { final: true })).toEqual({ retry: false, error: unavailable });
  });
});

describe('decideRetry: when', () => {
  const limited = (retryAfterMs: number) =>
    new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs });

  it('backs off', () => {
    expect(decide(unavailable)).toEqual({ retry: true, waitMs: 250 });
    expect(decide(unavailable, { attempts: 2 })).toEqual({ retry: true, waitMs: 500 });
  });

  it('waits as long as it is asked to if the deadline allows it, also beyond a minute', () => {
    expect(decide(limited(90_000), { remainingMs: 120_000 })).toEqual({
      retry: true,
      waitMs: 90_250,
    });
  });

  it('fails at once if the wait does not fit before the deadline, and tells it', () => {
    const decision = decide(limited(90_000), { remainingMs: 90_250 });
    expect(decision).toMatchObject({
      retry: false,
      error: {
        reason: 'RATE_LIMIT_EXCEEDED',
        facts: { upstreamStatus: 429, retryAfterMs: 90_250 },
      },
    });
    expect(decide(unavailable, { remainingMs: 251 })).toEqual({ retry: true, waitMs: 250 });
    expect(decide(unavailable, { remainingMs: 250 })).toMatchObject({
      retry: false,
      error: { reason: 'SERVICE_UNAVAILABLE', facts: { retryAfterMs: 250 } },
    });
  });

  it('fails if the deadline has passed', () => {
    expect(decide(unavailable, { remainingMs: -1 }).retry).toBe(false);
    const lucky = { random: () => 0, maxWaitMs: 0 };
    const failed = {
      attempts: 1,
      final: false,
      remainingMs: 0,
      hasAlternatives: false,
      tookMs: 0,
      free: false,
    };
    expect(decideRetry({ error: unavailable, ...failed }, DEFAULT_RETRY, lucky).retry).toBe(false);
  });
});

describe('decideRetry: the wait that callers are told', () => {
  const told = (reason: ErrorReason, facts: ErrorFacts) => {
    const decision = decide(new ProviderError(reason, facts), { attempts: 9 });
    return decision.retry ? undefined : decision.error.facts.retryAfterMs;
  };

  it('is a minute at most after a fault, whatever the upstream asks for', () => {
    expect(told('SERVICE_UNAVAILABLE', { upstreamStatus: 503, retryAfterMs: 1e12 })).toBe(60_000);
    expect(told('SERVICE_UNAVAILABLE', { upstreamStatus: 503, retryAfterMs: 59_000 })).toBe(59_000);
    expect(told('SERVICE_UNAVAILABLE', { upstreamStatus: 503 })).toBeUndefined();
  });

  it('is what the upstream asks for after a refusal', () => {
    const facts = { upstreamStatus: 429, retryAfterMs: 3_600_000 };
    expect(told('RATE_LIMIT_EXCEEDED', facts)).toBe(3_600_000);
  });
});

describe('decideRetry: a connection that was dead', () => {
  const stale = new ProviderError('TIMEOUT', { timeoutPhase: 'headers', staleConnection: true });

  it('costs no wait, and the same target is asked although there is another', () => {
    const decision = decide(stale, { free: true, hasAlternatives: true, tookMs: 30_000 });
    expect(decision).toEqual({ retry: true, waitMs: 0 });
  });

  it('costs one of the attempts', () => {
    expect(decide(stale, { free: true, attempts: 3 }).retry).toBe(false);
    expect(decide(stale, { free: true, final: true }).retry).toBe(false);
  });
});

describe('decideRetry: after a long wait', () => {
  it('does not ask the same silent target a third time', () => {
    expect(decide(silent).retry).toBe(true);
    expect(decide(silent, { attempts: 2 })).toEqual({ retry: false, error: silent });
    const reset = new ProviderError('NETWORK_ERROR');
    expect(decide(reset, { attempts: 2, tookMs: 4_999 }).retry).toBe(true);
    expect(decide(reset, { attempts: 2, tookMs: 5_000 }).retry).toBe(false);
  });

  it('goes elsewhere with a failure that was slow, if there is somewhere', () => {
    expect(decide(unavailable, { tookMs: 8_000 }).retry).toBe(true);
    expect(decide(unavailable, { tookMs: 8_000, hasAlternatives: true }).retry).toBe(false);
    expect(decide(unavailable, { tookMs: 100, hasAlternatives: true }).retry).toBe(true);
  });
});

describe('decideRetry: with somewhere else to go', () => {
  const elsewhere = { hasAlternatives: true };

  it('leaves a silent upstream at once', () => {
    expect(decide(silent, elsewhere)).toEqual({ retry: false, error: silent });
    expect(decide(silent).retry).toBe(true);
  });

  it('does not wait long', () => {
    const limited = (retryAfterMs: number) =>
      new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs });
    expect(decide(unavailable, elsewhere).retry).toBe(true);
    expect(decide(limited(1_900), elsewhere)).toEqual({ retry: true, waitMs: 1_995 });
    const long = limited(2_001);
    expect(decide(long, elsewhere)).toEqual({ retry: false, error: long });
    expect(decide(long).retry).toBe(true);
  });

  it('compares a wait that the upstream asked for without our own spread', () => {
    const facts = { upstreamStatus: 429, retryAfterMs: 2_000 };
    const asked = new ProviderError('RATE_LIMIT_EXCEEDED', facts);
    expect(decide(asked, elsewhere)).toEqual({ retry: true, waitMs: 2_100 });
  });
});
