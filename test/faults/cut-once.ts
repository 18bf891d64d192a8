import type { Fault } from '../support/fault.ts';
import { cut } from './cut.ts';

/** Who recovers has the second answer, and nothing of the first. */
export const cutOnce: Fault = {
  ...cut,
  what: 'closes the connection once in the middle of its answer',
  times: 1,
};
