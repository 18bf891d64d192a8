import type { Fault } from '../support/fault.ts';
import { cutAfter } from '../support/upstream/index.ts';

/** The connection closes without the end of the body. */
export const cut: Fault = {
  what: 'closes the connection in the middle of its answer',
  upstream: cutAfter(2, { abrupt: true }),
  retried: true,
  text: 'word1 word2 ',
  error: { code: 'UNAVAILABLE', reason: 'NETWORK_ERROR' },
};
