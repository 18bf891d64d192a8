import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** OpenAI at fault. */
export const serverError: Fault = {
  what: 'fails with 500 for ever',
  upstream: httpError(500, { message: UPSTREAM_TEXT, code: 'server_error' }),
  retried: true,
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '500', upstream_code: 'server_error', retryable: 'true' },
    details: { 'google.rpc.RetryInfo': {} },
  },
};
