import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** OpenAI with too much to do. */
export const overloaded: Fault = {
  what: 'is overloaded for ever',
  upstream: httpError(503, {
    message: UPSTREAM_TEXT,
    code: 'server_is_overloaded',
    headers: { 'retry-after-ms': '1500' },
  }),
  retried: true,
  waitMs: 1500,
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '503', upstream_code: 'server_is_overloaded' },
    details: { 'google.rpc.RetryInfo': { retryDelay: { seconds: 1, nanos: 500_000_000 } } },
  },
};
