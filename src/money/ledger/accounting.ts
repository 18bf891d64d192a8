import type { Stage } from '../../core/call.ts';
import type { Charge } from '../../core/call-record.ts';
import type { Cost, Usage } from '../../core/usage.ts';
import { addUsage } from '../../core/usage.ts';
import { addCost } from '../pricing/cost.ts';

/**
 * Sums what the attempts of a call consumed: into `completed` if there is one, and into the call's
 * record whatever became of it.
 */
export function accounting(): Stage {
  return (next) => async (call, emit) => {
    const { record } = call;
    let sum: Sum | undefined;
    try {
      const completed = await next(call, emit);
      sum = sumOf(record.charges);
      const { usage = completed.usage, cost } = sum;
      return cost === undefined ? { ...completed, usage } : { ...completed, usage, cost };
    } finally {
      const { usage, cost } = sum ?? sumOf(record.charges);
      if (usage !== undefined) record.usage = usage;
      if (cost !== undefined) record.cost = cost;
    }
  };
}

interface Sum {
  usage?: Usage;
  cost?: Cost;
}

/** Empty for no charges, and without a cost if costs are not tracked. */
export function sumOf(charges: readonly Charge[]): Sum {
  const sum: Sum = {};
  for (const { usage, cost } of charges) {
    sum.usage = addUsage(sum.usage, usage);
    if (cost !== undefined) sum.cost = addCost(sum.cost, cost);
  }
  return sum;
}
