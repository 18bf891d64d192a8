import type { Fault } from '../support/fault.ts';
import { stallAfter } from '../support/upstream/index.ts';

/** The socket stays open, and nothing more comes. */
export const stall: Fault = {
  what: 'falls silent in the middle of its answer',
  upstream: stallAfter(2),
  retried: true,
  config: 'timeouts: { idle: 2s }',
  inRealTime: true,
  closedBy: 'client',
  text: 'word1 word2 ',
  error: {
    code: 'UNAVAILABLE',
    reason: 'TIMEOUT',
    info: { timeout_phase: 'idle', upstream_status: '200' },
    details: { 'tamma.provider.v1.FailureInfo': { timeoutPhase: 'TIMEOUT_PHASE_IDLE' } },
  },
};
