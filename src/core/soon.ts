import type { Clock } from './clock.ts';

/**
 * What a promise comes to, for whoever can do without: undefined if it rejects, or takes longer than `ms`.
 * Never rejects.
 */
export function soon<T>(
  clock: Pick<Clock, 'afterSilence'>,
  ms: number,
  answer: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = clock.afterSilence(ms, () => resolve(undefined));
    const end = (value?: T): void => {
      timer.cancel();
      resolve(value);
    };
    answer.then(end, () => end());
  });
}
