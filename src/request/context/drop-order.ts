import type { ContextPolicy } from '../../core/message.ts';

/**
 * What may be dropped, in the order in which a policy drops it; `units` come oldest first.
 *
 * - `truncate_oldest`: the oldest first, so that what remains is the end of the conversation.
 * - `truncate_middle`: the one nearest to the middle first, of two equally near the older. What
 *   remains is the beginning and the end, alike in length, around a growing gap.
 * - `reject`, and no policy: nothing.
 */
export function dropOrder<Unit>(
  policy: ContextPolicy | undefined,
  units: readonly Unit[],
): readonly Unit[] {
  switch (policy) {
    case 'truncate_oldest':
      return units;
    case 'truncate_middle':
      return fromTheMiddle(units);
    default:
      return [];
  }
}

function fromTheMiddle<Unit>(units: readonly Unit[]): readonly Unit[] {
  const middle = (units.length - 1) / 2;
  return units
    .map((unit, index) => ({ unit, distance: Math.abs(index - middle) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ unit }) => unit);
}
