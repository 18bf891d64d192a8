import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** Also a 429, but waiting does not help. */
export const quota: Fault = {
  what: 'says that the quota is used up',
  upstream: httpError(429, {
    message: UPSTREAM_TEXT,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  }),
  error: {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'QUOTA_EXCEEDED',
    info: { upstream_status: '429', upstream_code: 'insufficient_quota', retryable: 'false' },
  },
};
