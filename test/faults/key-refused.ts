import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** OpenAI quotes the key in its message. */
export const keyRefused: Fault = {
  what: 'refuses the key',
  upstream: httpError(401, {
    message: `Incorrect API key provided: ${UPSTREAM_TEXT}.`,
    code: 'invalid_api_key',
  }),
  error: {
    code: 'UNAUTHENTICATED',
    reason: 'INVALID_API_KEY',
    info: { upstream_status: '401', severity: 'critical' },
  },
};
