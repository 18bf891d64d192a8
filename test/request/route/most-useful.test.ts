import { describe, expect, it } from '@jest/globals';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { mostUseful } from '../../../src/request/route/most-useful.ts';

function error(reason: ErrorReason, retryAfterMs?: number): ProviderError {
  return new ProviderError(reason, retryAfterMs === undefined ? {} : { retryAfterMs });
}

const tooLarge = new ProviderError('RATE_LIMIT_EXCEEDED', { neverFits: true, retryAfterMs: 1 });

describe('mostUseful', () => {
  it.each([
    ['the only one', [error('TIMEOUT')], 0],
    ['the first of equals', [error('TIMEOUT'), error('NETWORK_ERROR'), error('TIMEOUT')], 0],
    ['the shortest wait', [error('RATE_LIMIT_EXCEEDED', 9), error('RATE_LIMIT_EXCEEDED', 5)], 1],
    ['a wait that is known', [error('TIMEOUT'), error('RATE_LIMIT_EXCEEDED', 5)], 1],
    ['a failure before an open circuit', [error('TIMEOUT'), error('CIRCUIT_OPEN', 5)], 0],
    ['a failure behind an open circuit', [error('CIRCUIT_OPEN', 5), error('TIMEOUT')], 1],
    ['the circuit that closes first', [error('CIRCUIT_OPEN', 5), error('CIRCUIT_OPEN', 3)], 1],
    ['what may pass, not what will stay', [error('QUOTA_EXCEEDED'), error('TIMEOUT')], 1],
    ['an open circuit, not what will stay', [error('INVALID_API_KEY'), error('CIRCUIT_OPEN')], 1],
    ['what may pass, not what never fits', [tooLarge, error('TIMEOUT')], 1],
    ['the first of what will stay', [error('CONTEXT_TOO_LONG'), error('QUOTA_EXCEEDED', 1)], 0],
  ])('is %s', (_, failures, expected) => {
    const last = failures.at(-1) ?? error('INTERNAL');
    expect(mostUseful(failures.slice(0, -1), last)).toBe(failures[expected]);
  });
});
