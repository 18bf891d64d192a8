import { expect, it } from '@jest/globals';
import { toWireUpstreamStatus } from '../../../src/server/convert/upstream-status.ts';

const endpoint = 'https://api.openai.com';

it('carries when and why an upstream failed', () => {
  const status = {
    endpoint,
    healthy: false,
    lastSuccessAt: 1000,
    lastFailureAt: 2500,
    lastFailureReason: 'TIMEOUT',
  } as const;
  expect(toWireUpstreamStatus(status)).toEqual({
    endpoint,
    healthy: false,
    lastSuccessTime: { seconds: 1n, nanos: 0 },
    lastFailureTime: { seconds: 2n, nanos: 500_000_000 },
    lastFailureReason: 15,
  });
});

it('leaves out what never happened', () => {
  expect(toWireUpstreamStatus({ endpoint, healthy: true })).toEqual({
    endpoint,
    healthy: true,
    lastSuccessTime: undefined,
    lastFailureTime: undefined,
    lastFailureReason: 0,
  });
});
