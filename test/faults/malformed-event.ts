import type { Fault } from '../support/fault.ts';
import { malformedEvent } from '../support/upstream/index.ts';

/** Truncated JSON, and a good end behind it. */
export const malformedJson: Fault = {
  what: 'sends an event that is no JSON',
  upstream: malformedEvent(2),
  retried: true,
  text: 'word1 word2 ',
  error: { code: 'UNAVAILABLE', reason: 'SERVICE_UNAVAILABLE' },
};
