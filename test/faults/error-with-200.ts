import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { errorBodyWith200 } from '../support/upstream/index.ts';

/** A server that knows one status only. */
export const errorWith200: Fault = {
  what: 'answers 200 with an error in it',
  upstream: errorBodyWith200({ message: UPSTREAM_TEXT, code: 'insufficient_quota' }),
  error: {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'QUOTA_EXCEEDED',
    info: { upstream_status: '200', upstream_code: 'insufficient_quota' },
  },
};
