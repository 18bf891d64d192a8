import type { Fault } from '../support/fault.ts';
import { silent } from '../support/upstream/index.ts';

/** A request that is taken and never answered. */
export const silence: Fault = {
  what: 'never answers',
  upstream: silent(),
  retried: true,
  config: 'timeouts: { headers: 2s }',
  inRealTime: true,
  closedBy: 'client',
  error: {
    code: 'UNAVAILABLE',
    reason: 'TIMEOUT',
    beforeHeaders: true,
    info: { timeout_phase: 'headers' },
    details: { 'tamma.provider.v1.FailureInfo': { timeoutPhase: 'TIMEOUT_PHASE_HEADERS' } },
  },
};
