import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** The sizes stand in the message alone. */
export const contextTooLong: Fault = {
  what: 'finds the conversation too long',
  upstream: httpError(400, {
    message: `This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. ${UPSTREAM_TEXT}`,
    code: 'context_length_exceeded',
    param: 'messages',
  }),
  error: {
    code: 'INVALID_ARGUMENT',
    reason: 'CONTEXT_TOO_LONG',
    info: { upstream_status: '400', upstream_code: 'context_length_exceeded' },
    details: { 'tamma.provider.v1.FailureInfo': { countedTokens: 5000, tokenLimit: 4096 } },
  },
};
