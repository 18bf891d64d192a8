import type { Fault } from '../support/fault.ts';
import { serverError } from './server-error.ts';

/** As most failures of large services are. */
export const serverErrorOnce: Fault = {
  ...serverError,
  what: 'fails with 500 once',
  times: 1,
};
