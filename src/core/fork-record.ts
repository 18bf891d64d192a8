import { type CallRecord, newCallRecord } from './call-record.ts';
import type { Usage } from './usage.ts';
import { addUsage } from './usage.ts';

/**
 * A record for an attempt beside another one of the same call: what either does is not mixed up while
 * both run. They draw the numbers of their attempts from the same count, and what a status tells of
 * the usage before it is counted covers both.
 */
export function forkRecord(record: CallRecord): CallRecord {
  const { startedAt, model, numbers } = record;
  return Object.defineProperty({ ...newCallRecord(startedAt), model, numbers }, 'usage', {
    get: () => record.usage,
    set: (own: Usage) => {
      record.usage = record.charges.reduce((sum, { usage }) => addUsage(sum, usage), own);
    },
  });
}

/** How much a record held when the attempts began beside which the fork's were made. */
export interface ForkMark {
  readonly failed: number;
  readonly logged: number;
}

export function markOf({ failedAttempts, attemptLog }: CallRecord): ForkMark {
  return { failed: failedAttempts.length, logged: attemptLog.length };
}

/**
 * Brings what happened beside a call's attempts into its record, once all of them have ended.
 *
 * @param counts whether the fork's attempt is the one that counts: it stands last then
 */
export function joinRecord(
  record: CallRecord,
  fork: CallRecord,
  { failed, logged }: ForkMark,
  counts: boolean,
): void {
  const { failedAttempts, attemptLog, charges } = record;
  failedAttempts.splice(counts ? failedAttempts.length : failed, 0, ...fork.failedAttempts);
  attemptLog.splice(counts ? attemptLog.length : logged, 0, ...fork.attemptLog);
  charges.push(...fork.charges);
  record.attempts += fork.attempts;
  if (!counts) return;
  record.model = fork.model;
  record.target = fork.target;
  record.upstreamRequestId = fork.upstreamRequestId;
  record.upstreamStatus = fork.upstreamStatus;
}
