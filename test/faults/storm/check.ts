import { status as codes } from '@grpc/grpc-js';
import type { Outcome } from '../../support/storm/caller.ts';
import type { StormPlan } from './plan.ts';
import type { Attempt } from './upstream.ts';

/** Every way for a call to end that is neither a success nor a defect of the sidecar. */
const CLEAN_ENDS: readonly number[] = [codes.UNAVAILABLE, codes.RESOURCE_EXHAUSTED, codes.ABORTED];
const MAX_ATTEMPTS = 3;

export const PROBLEMS = [
  'truncated success',
  'lost or duplicated bytes',
  'unclean end',
  'too many attempts',
  'disordered messages',
] as const;

export type Problem = (typeof PROBLEMS)[number];

/** What is wrong with a call; undefined if it is as it must be. */
export function problemOf(
  outcome: Outcome<StormPlan>,
  attempts: readonly Attempt[],
): Problem | undefined {
  const { status, content, completed, disorder } = outcome;
  if (disorder !== undefined) return 'disordered messages';
  if (attempts.length > MAX_ATTEMPTS) return 'too many attempts';
  if (status === codes.OK || completed !== undefined) return problemOfSuccess(outcome, attempts);
  if (!isClean(outcome)) return 'unclean end';
  const isPart = content === '' || attempts.some((attempt) => attempt.content.startsWith(content));
  return isPart ? undefined : 'lost or duplicated bytes';
}

function problemOfSuccess(
  { status, content, completed, cancelledAt }: Outcome<StormPlan>,
  attempts: readonly Attempt[],
): Problem | undefined {
  // Who cancels may do so when the answer is complete.
  if (status !== codes.OK && cancelledAt === undefined) return 'unclean end';
  // Not all that the sidecar makes arrive.
  if (completed === undefined || completed.attempts < attempts.length) return 'too many attempts';
  if (attempts.some((attempt) => attempt.whole && attempt.content === content)) return undefined;
  const isPart = attempts.some((attempt) => attempt.content.startsWith(content));
  return isPart ? 'truncated success' : 'lost or duplicated bytes';
}

function isClean({ status, cancelledAt, plan }: Outcome<StormPlan>): boolean {
  if (status === codes.CANCELLED) return cancelledAt !== undefined;
  // A hurried call is told that its deadline is shorter than the wait for the rate limit.
  if (status === codes.DEADLINE_EXCEEDED) return plan.isHurried;
  return status !== undefined && CLEAN_ENDS.includes(status);
}
