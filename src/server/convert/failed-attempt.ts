import type { FailedAttempt } from '../../core/events.ts';
import type * as wire from '../../gen/tamma/provider/v1/error.ts';
import { toCount } from './count.ts';
import { ERROR_REASON } from './enums.ts';
import { toDuration } from './time.ts';

export function toWireFailedAttempt(failed: FailedAttempt): wire.FailedAttempt {
  return {
    attempt: toCount(failed.attempt),
    model: failed.model,
    reason: ERROR_REASON[failed.reason],
    upstreamStatus: toCount(failed.upstreamStatus ?? 0),
    upstreamRequestId: failed.upstreamRequestId ?? '',
    duration: toDuration(failed.durationMs),
    target: failed.target,
  };
}
