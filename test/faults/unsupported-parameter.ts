import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** OpenAI names its own field, the caller hears of his. */
export const unsupportedParameter: Fault = {
  what: 'does not support a parameter',
  upstream: httpError(400, {
    message: UPSTREAM_TEXT,
    code: 'unsupported_parameter',
    param: 'max_completion_tokens',
  }),
  error: {
    code: 'INVALID_ARGUMENT',
    reason: 'UNSUPPORTED_PARAMETER',
    info: { upstream_status: '400' },
    details: { 'google.rpc.BadRequest': { fieldViolations: [{ field: 'request.max_tokens' }] } },
  },
};
