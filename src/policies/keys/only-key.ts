import type { Call, Emit, Handler } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { KeyRefusal, KeyRing } from './key-ring.ts';

/**
 * Asks with an only key. While it is set aside, calls that can go to another upstream do so at once; the
 * others ask all the same, for there is nothing else to ask with.
 *
 * @param onAside is told when the key is set aside
 */
export async function withOnlyKey(
  next: Handler,
  call: Call,
  emit: Emit,
  ring: KeyRing,
  onAside: (reason: KeyRefusal) => void,
): Promise<Completed> {
  const goesElsewhere = call.alternatives.some(({ upstream }) => upstream !== call.upstream);
  if (goesElsewhere && ring.next(() => 1) === undefined) throw new ProviderError(ring.refusal);
  try {
    const completed = await next(call, emit);
    ring.succeeded(0);
    return completed;
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const { reason } = error;
    const isOfKey = reason === 'INVALID_API_KEY' || reason === 'QUOTA_EXCEEDED';
    if (isOfKey && ring.refused(0, reason)) onAside(reason);
    throw error;
  }
}
