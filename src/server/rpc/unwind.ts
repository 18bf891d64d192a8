import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { CallSignal } from './call-signal.ts';

/**
 * Time, in ms, that the status of a call waits, once its signal aborted, for its work to wind up: long
 * enough for a pipeline to settle its account, so that the error's details hold the usage, and short
 * enough to answer before the caller's deadline.
 */
const UNWIND_MS = 10;

/**
 * The same where neither a deadline nor the caller is in a hurry, and the time after the status in which
 * the work may still end: counting what an attempt has used takes up to a second.
 */
const PATIENT_UNWIND_MS = 1_500;

/**
 * Follows `work`. Work that has not ended some time after its signal aborted is given up: the promise
 * rejects with the signal's reason.
 */
export async function untilUnwound(
  work: Promise<void>,
  { signal, watch }: Pick<CallSignal, 'signal' | 'watch'>,
  clock: Clock,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let timer: Timer | undefined;
  watch(() => {
    timer = clock.after(unwindMs(signal.reason), () => reject(signal.reason));
  });
  work.then(resolve, reject);
  try {
    await promise;
  } finally {
    watch(undefined);
    timer?.cancel();
  }
}

/** Resolves when `work` has ended, however it does, or when that takes too long. */
export async function untilEnded(work: Promise<unknown>, clock: Clock): Promise<void> {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(PATIENT_UNWIND_MS, resolve);
  await Promise.race([Promise.allSettled([work]), tooLong]);
  timer.cancel();
}

function unwindMs(reason: unknown): number {
  const drained = reason instanceof ProviderError && reason.reason === 'SHUTTING_DOWN';
  return drained ? PATIENT_UNWIND_MS : UNWIND_MS;
}
