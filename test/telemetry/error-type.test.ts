import { describe, expect, it } from '@jest/globals';
import { errorType } from '../../src/telemetry/error-type.ts';

describe('errorType', () => {
  it('is a code of the upstream that is known', () => {
    const failure = { upstreamCode: 'insufficient_quota', upstreamStatus: 429 };

    expect(errorType(failure, 'QUOTA_EXCEEDED')).toBe('insufficient_quota');
  });

  it('is the HTTP status where the code is not a known one', () => {
    const failure = { upstreamCode: 'tenant_4711_blocked', upstreamStatus: 403 };

    expect(errorType(failure, 'PERMISSION_DENIED')).toBe('403');
  });

  it('is the reason where the upstream did not answer', () => {
    expect(errorType({}, 'NETWORK_ERROR')).toBe('NETWORK_ERROR');
  });
});
