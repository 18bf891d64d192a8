import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fault } from '../support/fault.ts';
import { drip, garbageAfterDone, hugeEvent, noDone } from '../support/upstream/index.ts';

const DRIPPED = 'Grüße aus 東京 👩‍🚀!';
const HUGE_BYTES = 10_000_000;

/** What is odd, and does no harm. */
export const ODDITIES: readonly Fault[] = [
  {
    // Finish reason and usage have come: the answer is whole.
    what: 'never says [DONE] and leaves the connection open',
    upstream: noDone(2),
    // It ends with the wait, however long that is.
    config: 'timeouts: { afterFinish: 100ms }',
    closedBy: 'client',
    text: 'word1 word2 ',
  },
  {
    // What follows [DONE] is not read.
    what: 'goes on after [DONE]',
    upstream: garbageAfterDone(),
    text: 'word1 word2 word3 ',
  },
  {
    // Byte by byte, so that characters and lines come apart.
    what: 'sends its answer byte by byte',
    // What is left of the body may take longer than a connection is waited for.
    closedBy: 'anybody',
    upstream: (exchange) => drip(1, turns(), { text: DRIPPED })(exchange),
    text: DRIPPED,
  },
  {
    // One delta of ten megabytes.
    what: 'sends 10 MB in one event',
    upstream: hugeEvent(HUGE_BYTES),
    text: 'x'.repeat(HUGE_BYTES),
  },
];

/** One write per turn of the event loop, for ever. */
async function* turns(): AsyncGenerator<void> {
  for (;;) yield nextTurn();
}
