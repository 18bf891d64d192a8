import type { Fault } from '../support/fault.ts';
import { stall } from './stall.ts';

/** The time-out ends the attempt, and not the call. */
export const stallOnce: Fault = {
  ...stall,
  what: 'falls silent once in the middle of its answer',
  times: 1,
};
