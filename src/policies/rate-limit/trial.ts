import type { Count } from './tally.ts';

/** For so many ms a lower rate shows what it brings; later it has grown again. */
export const TRIED_MS = 2_000;

/** Where the rate matters, so large a part of the failing share is left when it is lowered; where not, so large a one, */
const LEFT = 0.2;
const LEFT_ANYWAY = 0.8;
/** which must be so much likelier, as a logarithm. */
export const CERTAIN = 4;

/**
 * How much likelier it is what became of requests at a lower rate if that does not matter than if it does; a logarithm.
 *
 * @param share of those before that failed
 */
export function evidenceOf({ sent, failed }: Count, share: number): number {
  return (
    failed * Math.log(LEFT_ANYWAY / LEFT) +
    (sent - failed) * Math.log((1 - LEFT_ANYWAY * share) / (1 - LEFT * share))
  );
}
