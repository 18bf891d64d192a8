import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** The prompt is refused; a filtered answer would be no error. */
export const contentPolicy: Fault = {
  what: 'refuses the prompt by its policy',
  upstream: httpError(400, { message: UPSTREAM_TEXT, code: 'content_policy_violation' }),
  error: {
    code: 'INVALID_ARGUMENT',
    reason: 'CONTENT_FILTERED',
    info: { upstream_status: '400', upstream_code: 'content_policy_violation' },
  },
};
