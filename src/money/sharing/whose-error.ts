import type { Call } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import { spenderOf } from '../../core/spender.ts';

/**
 * Whether a shared call failed for a reason of whoever pays for it, which is none for another of its
 * callers: its budget or its deadline, or a wait that is too long for the time that it has.
 */
export function isOthers({ reason, facts }: ProviderError, call: Call, payer: Call): boolean {
  if (call === payer) return false;
  switch (reason) {
    case 'BUDGET_EXCEEDED': {
      const [own, other] = [spenderOf(call), spenderOf(payer)];
      return own.userId !== other.userId || own.projectId !== other.projectId;
    }
    case 'RATE_LIMIT_EXCEEDED': {
      const isOwnLimit = facts.upstreamStatus === undefined && facts.upstreamCode === undefined;
      return isOwnLimit && call.deadline > payer.deadline;
    }
    case 'CANCELLED':
    case 'DEADLINE_EXCEEDED':
      return true;
    default:
      return false;
  }
}
