import type { Fault } from '../support/fault.ts';
import { resetAfter } from '../support/upstream/index.ts';

/** A reset may overtake what was written before it. */
export const reset: Fault = {
  what: 'resets the connection in the middle of its answer',
  upstream: resetAfter(2),
  retried: true,
  text: /^(word1 )?(word2 )?$/,
  error: { code: 'UNAVAILABLE', reason: 'NETWORK_ERROR' },
};
