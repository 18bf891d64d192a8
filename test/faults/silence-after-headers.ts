import type { Fault } from '../support/fault.ts';
import { headersThenSilence } from '../support/upstream/index.ts';

/** Headers come at once, the first token does not. */
export const silenceAfterHeaders: Fault = {
  what: 'sends nothing after its headers',
  upstream: headersThenSilence(),
  retried: true,
  config: 'timeouts: { firstToken: 2s }',
  inRealTime: true,
  closedBy: 'client',
  error: {
    code: 'UNAVAILABLE',
    reason: 'TIMEOUT',
    info: { timeout_phase: 'first_token', upstream_status: '200' },
    details: { 'tamma.provider.v1.FailureInfo': { timeoutPhase: 'TIMEOUT_PHASE_FIRST_TOKEN' } },
  },
};
