import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** The model is unknown, or not of this account. */
export const modelNotFound: Fault = {
  what: 'does not know the model',
  upstream: httpError(404, { message: UPSTREAM_TEXT, code: 'model_not_found', param: null }),
  config: 'defaultModel: gpt-imaginary',
  error: {
    code: 'NOT_FOUND',
    reason: 'MODEL_NOT_FOUND',
    info: { upstream_status: '404', model: 'gpt-imaginary' },
    details: {
      'google.rpc.ResourceInfo': { resourceType: 'model', resourceName: 'gpt-imaginary' },
    },
  },
};
