import { type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { httpError } from '../support/upstream/index.ts';

/** A country, a project or a model that is not permitted. */
export const forbidden: Fault = {
  what: 'forbids the request',
  upstream: httpError(403, {
    message: UPSTREAM_TEXT,
    code: 'unsupported_country_region_territory',
  }),
  error: {
    code: 'PERMISSION_DENIED',
    reason: 'PERMISSION_DENIED',
    info: { upstream_status: '403', upstream_code: 'unsupported_country_region_territory' },
  },
};
