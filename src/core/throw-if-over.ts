import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import { ProviderError } from './errors.ts';
import { deadlineOf } from './party.ts';
import { endReason } from './signal.ts';

/**
 * Before an attempt: nothing is started for a call that was ended.
 *
 * @throws ProviderError why it ended: as its signal says, or DEADLINE_EXCEEDED.
 */
export function throwIfOver(call: Pick<Call, 'signal' | 'deadline' | 'party'>, clock: Clock): void {
  if (call.signal.aborted) throw endReason(call.signal);
  if (clock.now() >= deadlineOf(call)) throw new ProviderError('DEADLINE_EXCEEDED');
}
