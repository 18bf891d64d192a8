import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** `x-should-retry: false` comes before what the status says. */
export const forbidsRetry: Fault = {
  what: 'fails and forbids another try',
  upstream: httpError(503, { message: UPSTREAM_TEXT, headers: { 'x-should-retry': 'false' } }),
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '503' },
    details: { 'google.rpc.RetryInfo': {} },
  },
};
