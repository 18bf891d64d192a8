import type { Fault } from '../support/fault.ts';
import { rateLimit } from './rate-limit.ts';

/** One wait, and all is well. */
export const rateLimitOnce: Fault = {
  ...rateLimit,
  what: 'limits the rate once',
  times: 1,
};
