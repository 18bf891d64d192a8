import { gzipSync } from 'node:zlib';
import type { Fault } from '../support/fault.ts';

/** A proxy that compresses although nobody asked it to. */
export const compressed: Fault = {
  what: 'compresses its answer',
  upstream: (exchange) => {
    exchange.headers(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    exchange.raw(gzipSync('data: [DONE]\n\n'));
    exchange.end();
  },
  retried: true,
  error: {
    code: 'UNAVAILABLE',
    reason: 'SERVICE_UNAVAILABLE',
    info: { upstream_status: '200' },
  },
};
