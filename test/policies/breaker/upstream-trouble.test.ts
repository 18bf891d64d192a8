import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { ERROR_KINDS, type ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError, type TimeoutPhase } from '../../../src/core/errors.ts';
import { isSilent, troubleOf } from '../../../src/policies/breaker/upstream-trouble.ts';
import { aCall } from '../../support/events.ts';

const DOWN = ['TIMEOUT', 'NETWORK_ERROR', 'SERVICE_UNAVAILABLE', 'PROVIDER_ERROR'];
const REFUSING = ['INVALID_API_KEY', 'PERMISSION_DENIED', 'QUOTA_EXCEEDED'];

const timeout = (timeoutPhase: TimeoutPhase) => new ProviderError('TIMEOUT', { timeoutPhase });

describe('troubleOf', () => {
  it.each(Object.keys(ERROR_KINDS) as ErrorReason[])('judges %s', (reason) => {
    const expected = DOWN.includes(reason)
      ? 'down'
      : REFUSING.includes(reason)
        ? 'refusing'
        : undefined;
    expect(troubleOf(new ProviderError(reason), aCall())).toBe(expected);
  });

  it.each([...DOWN, ...REFUSING] as ErrorReason[])(
    'holds %s against nobody once the call was ended from outside',
    (reason) => {
      const call = aCall({ signal: AbortSignal.abort() });
      expect(troubleOf(new ProviderError(reason), call)).toBeUndefined();
    },
  );

  it('holds a connection that was closed for being idle against nobody', () => {
    const error = new ProviderError('NETWORK_ERROR', { staleConnection: true });
    expect(troubleOf(error, aCall())).toBeUndefined();
  });

  it.each(['unreadable', 'concernsRequest', 'unasked'] as const)(
    'holds what is %s against nobody',
    (fact) => {
      const error = new ProviderError('SERVICE_UNAVAILABLE', { [fact]: true });
      expect(troubleOf(error, aCall())).toBeUndefined();
    },
  );

  it.each<[TimeoutPhase, Partial<Call>, string | undefined]>([
    ['first_token', { firstTokenTimeoutMs: 1 }, undefined],
    ['idle', { idleTimeoutMs: 1 }, undefined],
    ['first_token', { idleTimeoutMs: 1 }, 'down'],
    ['idle', { firstTokenTimeoutMs: 1 }, 'down'],
    ['connect', { firstTokenTimeoutMs: 1, idleTimeoutMs: 1 }, 'down'],
    ['headers', { firstTokenTimeoutMs: 1, idleTimeoutMs: 1 }, 'down'],
  ])('of a time-out in %s with limits of the caller %j makes %s', (phase, limits, expected) => {
    expect(troubleOf(timeout(phase), aCall(limits))).toBe(expected);
  });
});

describe('isSilent', () => {
  const deadline = new ProviderError('DEADLINE_EXCEEDED');

  it('holds 5 s without an answer against an upstream although the deadline ended them, and no shorter time', () => {
    expect(isSilent(deadline, aCall(), 5_000)).toBe(true);
    expect(isSilent(deadline, aCall(), 4_999)).toBe(false);
  });

  it('holds neither a slow answer nor what its caller ended against it', () => {
    const answering = aCall();
    answering.record.upstreamStatus = 200;
    expect(isSilent(deadline, answering, 20_000)).toBe(false);
    expect(isSilent(new ProviderError('CANCELLED'), aCall(), 20_000)).toBe(false);
  });
});
