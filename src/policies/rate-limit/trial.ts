import type { Count } from './tally.ts';

/** For so many ms a lower rate shows what it brings; later it has grown again. */
export const TRIED_MS = 2_000;

/** What is left of the failing share when the rate is lowered: where the rate matters, and where it does not. */
const LEFT = 0.2;
const LEFT_ANYWAY = 0.8;
/** It does not where that is so much likelier, as a logarithm. */
export const CERTAIN = 4;

/**
 * How much likelier what became of requests at a lower rate is if the rate does not matter than if it does; a logarithm.
 *
 * @param share of those before that failed
 */
export function evidenceOf({ sent, failed }: Count, share: number): number {
  return (
    failed * Math.log(LEFT_ANYWAY / LEFT) +
    (sent - failed) * Math.log((1 - LEFT_ANYWAY * share) / (1 - LEFT * share))
  );
}
