import type { Call } from './call.ts';
import type { Clock } from './clock.ts';
import { ProviderError } from './errors.ts';
import { endReason } from './signal.ts';

/**
 * Before an attempt: nothing is started for a call that was ended.
 *
 * @throws ProviderError why it ended: as its signal says, or DEADLINE_EXCEEDED.
 */
export function throwIfOver(call: Pick<Call, 'signal' | 'deadline'>, clock: Clock): void {
  if (call.signal.aborted) throw endReason(call.signal);
  if (clock.now() >= call.deadline) throw new ProviderError('DEADLINE_EXCEEDED');
}
