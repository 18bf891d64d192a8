import type { Fault } from '../support/fault.ts';
import { resetBeforeHeaders } from '../support/upstream/index.ts';

/** The connection goes away under the request. */
export const resetWithoutHeaders: Fault = {
  what: 'resets the connection before its headers',
  upstream: resetBeforeHeaders(),
  retried: true,
  error: {
    code: 'UNAVAILABLE',
    reason: 'NETWORK_ERROR',
    beforeHeaders: true,
    details: { 'google.rpc.RetryInfo': {} },
  },
};
