import type { Clock } from '../core/clock.ts';
import type { Lane } from './lane.ts';

/** Until a part of the lane is over, for so many ms at most, or until the signal ends it. */
export function untilLeft(
  lane: Lane,
  mostMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      timer.cancel();
      forget();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = clock.after(mostMs, wake);
    const forget = lane.onLeft(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
  });
}
