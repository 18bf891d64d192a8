import type { CallRecord, Charge, Stage } from '../call.ts';
import type { Cost, ProviderEvent, Usage } from '../events.ts';
import { addCost } from '../pricing/cost.ts';
import { addUsage } from '../usage.ts';

/**
 * Sums what the attempts of a call consumed: into `completed` if there is one, and into the call's
 * record whatever became of it.
 */
export function accounting(): Stage {
  return (next) =>
    async function* (call): AsyncGenerator<ProviderEvent> {
      const { record } = call;
      try {
        for await (const event of next(call)) {
          yield event.type === 'completed' ? { ...event, ...sumOf(record.charges) } : event;
        }
      } finally {
        Object.assign(record, sumOf(record.charges) satisfies Partial<CallRecord>);
      }
    };
}

interface Sum {
  usage?: Usage;
  cost?: Cost;
}

/** Empty for no charges, and without a cost if costs are not tracked. */
function sumOf(charges: readonly Charge[]): Sum {
  const sum: Sum = {};
  for (const { usage, cost } of charges) {
    sum.usage = addUsage(sum.usage, usage);
    if (cost !== undefined) sum.cost = addCost(sum.cost, cost);
  }
  return sum;
}
