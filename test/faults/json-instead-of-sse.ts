import type { Fault } from '../support/fault.ts';
import { jsonInsteadOfSse } from '../support/upstream/index.ts';

/** A server that ignores `stream: true`. */
export const jsonInsteadOfStream: Fault = {
  what: 'answers a stream with one JSON body',
  upstream: jsonInsteadOfSse(),
  retried: true,
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '200' },
  },
};
