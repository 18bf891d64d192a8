import type { Clock } from '../provider/clock.ts';

/**
 * Time, in ms, that work has after its signal aborted to wind up: long enough for a pipeline to
 * settle its account, so that the error's details hold the usage, and short enough to answer before
 * the caller's deadline.
 */
const UNWIND_MS = 10;

/**
 * Follows `work`. Work that has not ended UNWIND_MS after its signal aborted is given up: the
 * promise rejects with the signal's reason.
 */
export async function untilUnwound<T>(
  work: Promise<T>,
  signal: AbortSignal,
  clock: Clock,
): Promise<T> {
  const givenUp = Promise.withResolvers<never>();
  let timer: ReturnType<Clock['after']> | undefined;
  const onAbort = (): void => {
    timer = clock.after(UNWIND_MS, () => givenUp.reject(signal.reason));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, givenUp.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer?.cancel();
  }
}
