import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fault } from '../support/fault.ts';
import { drip as dripBytes } from '../support/upstream/index.ts';

const TEXT = 'Grüße aus 東京 👩‍🚀!';

/** Byte by byte, so that characters and lines come apart. */
export const drip: Fault = {
  what: 'sends its answer byte by byte',
  upstream: (exchange) => dripBytes(1, turns(), { text: TEXT })(exchange),
  text: TEXT,
};

/** One write per turn of the event loop, for ever. */
async function* turns(): AsyncGenerator<void> {
  for (;;) yield nextTurn();
}
