import type { Load, Result } from './load.ts';

/** A load, what a client that knows everything would reach, and why. */
export interface Row {
  readonly what: string;
  readonly load: () => Load;
  /** Share of so many calls that an ideal client serves, within its deadline. */
  readonly ideal: number | ((calls: number) => number);
  /** Share that nobody serves who has to learn of the trouble from its calls; 0 if nothing is said. */
  readonly learning?: number;
  /** What a policy costs there of the calls that first has to see that it does harm, by its name among the ablations. */
  readonly costs?: Readonly<Record<string, number>>;
  /** What holds beside that. */
  readonly also?: Readonly<Record<string, (result: Result) => boolean>>;
}

export const idealOf = ({ ideal }: Row, { calls }: Pick<Result, 'calls'>): number =>
  typeof ideal === 'number' ? ideal : ideal(calls);

/** What chance may cost, of the calls. */
const TOLERANCE = 0.02;

/**
 * What is wrong with a result, for each thing a sentence.
 *
 * @param chance what it may have cost beyond that: not every run has a seed. Default 0
 */
export function shortcomings(row: Row, result: Result, chance = 0): string[] {
  const bound = idealOf(row, result) - (row.learning ?? 0) - TOLERANCE - chance;
  return [
    ...(result.share < bound ? [`less than ${percent(bound)} succeeded`] : []),
    ...(result.spoiled > 0 ? [`${result.spoiled} answers are not whole, or said twice`] : []),
    ...Object.entries(row.also ?? {})
      .filter(([, holds]) => !holds(result))
      .map(([what]) => `it does not hold that ${what}`),
  ];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** Of most loads. */
export const base = { callsPerSecond: 20, seconds: 60, deadlineMs: 60_000 };

/**
 * So many at first and so many a second until the last, whose answer may take 2.3 s, can still be answered: none of
 * it goes unused, and no call is sent that comes too late.
 */
export const atRate =
  (perSecond: number, atFirst: number, deadlineMs = 15_000) =>
  (calls: number): number =>
    Math.min(1, (atFirst + perSecond * (base.seconds + (deadlineMs - 2_300) / 1_000)) / calls);
