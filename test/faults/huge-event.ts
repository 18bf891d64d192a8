import type { Fault } from '../support/fault.ts';
import { hugeEvent } from '../support/upstream/index.ts';

/** One delta of ten megabytes. */
export const hugeText: Fault = {
  what: 'sends 10 MB in one event',
  upstream: hugeEvent(10_000_000),
  text: 'x'.repeat(10_000_000),
};
