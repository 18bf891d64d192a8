import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { errorEvent } from '../support/upstream/index.ts';

/** The answer breaks off; the error comes as data, like OpenAI. */
export const errorDataAfterOutput: Fault = {
  what: 'sends an error as data after output',
  upstream: errorEvent(2, { message: UPSTREAM_TEXT, code: 'rate_limit_exceeded' }),
  retried: true,
  text: 'word1 word2 ',
  error: {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'RATE_LIMIT_EXCEEDED',
    info: { upstream_status: '200', upstream_code: 'rate_limit_exceeded' },
  },
};
