import type { Clock } from './clock.ts';
import { endReason } from './signal.ts';

/**
 * Waits `ms`, never less by the clock's own account: timers of the system may be early.
 *
 * @throws ProviderError the end of the call, as soon as `signal` is aborted.
 */
export async function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  if (signal.aborted) throw endReason(signal);
  const due = clock.now() + ms;
  for (let left = ms; left > 0; left = due - clock.now()) {
    await timer(Math.ceil(left), signal, clock);
  }
}

function timer(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      running.cancel();
      reject(endReason(signal));
    };
    const running = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
