import type { MessageRequest } from '../../core/message.ts';
import { priceListOf } from '../../money/pricing/tier.ts';

/** Who goes before whom in a queue: 0 goes first. */
export type Priority = 0 | 1 | 2 | 3;

/**
 * By the tier that the request asks for: who pays more for speed does not wait behind who pays less.
 *
 * @param background nobody waits for the answer
 */
export function priorityOf(
  { serviceTier = '' }: Pick<MessageRequest, 'serviceTier'>,
  background = false,
): Priority {
  if (background) return 3;
  switch (priceListOf(serviceTier)) {
    case 'priority':
      return 0;
    case 'flex':
      return 2;
    default:
      return 1;
  }
}
