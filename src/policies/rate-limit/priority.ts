import type { MessageRequest } from '../../core/message.ts';
import { priceListOf } from '../../money/pricing/tier.ts';

/** Who goes before whom in a queue: 0 goes first. */
export type Priority = 0 | 1 | 2;

/** By the tier that the request asks for: who pays more for speed does not wait behind who pays less. */
export function priorityOf({ serviceTier = '' }: Pick<MessageRequest, 'serviceTier'>): Priority {
  switch (priceListOf(serviceTier)) {
    case 'priority':
      return 0;
    case 'flex':
      return 2;
    default:
      return 1;
  }
}
