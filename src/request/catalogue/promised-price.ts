import { DAY_MS } from '../../core/clock.ts';
import type { Model } from '../../core/model.ts';

/**
 * A sentence for people once the day is over, in UTC, until which the price of a model was promised.
 * `name` is what they call the model.
 */
export function promisedPriceWarning(
  name: string,
  { prices }: Pick<Model, 'prices'>,
  now: number,
): string | undefined {
  const until = prices?.promisedUntil;
  if (until === undefined || now < Date.parse(until) + DAY_MS) return undefined;
  return `The price of ${name} was promised until ${until} only, and may be another since.`;
}
