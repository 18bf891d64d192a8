import type { Fault } from '../support/fault.ts';
import { garbageAfterDone } from '../support/upstream/index.ts';

/** What follows [DONE] is not read. */
export const garbageBehindDone: Fault = {
  what: 'goes on after [DONE]',
  upstream: garbageAfterDone(),
  text: 'word1 word2 word3 ',
};
