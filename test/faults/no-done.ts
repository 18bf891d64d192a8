import type { Fault } from '../support/fault.ts';
import { noDone } from '../support/upstream/index.ts';

/** Finish reason and usage have come: the answer is whole. */
export const noDoneAtEnd: Fault = {
  what: 'never says [DONE] and leaves the connection open',
  upstream: noDone(2),
  closedBy: 'client',
  text: 'word1 word2 ',
};
