import type { Fault } from '../support/fault.ts';
import { cutAfter } from '../support/upstream/index.ts';

/** Good HTTP, but an answer without a finish reason and [DONE]. */
export const earlyEnd: Fault = {
  what: 'ends its answer in the middle',
  upstream: cutAfter(2),
  retried: true,
  text: 'word1 word2 ',
  error: { code: 'UNAVAILABLE', reason: 'NETWORK_ERROR' },
};
