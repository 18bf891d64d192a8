import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** OpenAI says when to come back, and is taken at its word. */
export const rateLimit: Fault = {
  what: 'limits the rate for ever',
  upstream: httpError(429, {
    message: UPSTREAM_TEXT,
    type: 'requests',
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '7' },
  }),
  retried: true,
  waitMs: 7000,
  error: {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'RATE_LIMIT_EXCEEDED',
    info: { upstream_status: '429', upstream_code: 'rate_limit_exceeded', retryable: 'true' },
    details: {
      'google.rpc.RetryInfo': { retryDelay: { seconds: 7, nanos: 0 } },
      'google.rpc.QuotaFailure': { violations: [{ subject: 'upstream requests' }] },
    },
  },
};
