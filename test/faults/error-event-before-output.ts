import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { errorEvent } from '../support/upstream/index.ts';

/** The stream has begun, the answer has not; the error comes as an event of that name. */
export const errorEventBeforeOutput: Fault = {
  what: 'sends an error event before any output',
  upstream: errorEvent(0, { message: UPSTREAM_TEXT, code: 'server_is_overloaded' }, 'event'),
  retried: true,
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '200', upstream_code: 'server_is_overloaded' },
  },
};
