import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS = 30;
const BETWEEN_MS = 10;

/**
 * Resolves to `value` when it has stayed the same over many looks, some time apart: turns of the event
 * loop alone may be over before another thread or the kernel has passed anything on.
 */
export async function standsStill(value: () => number): Promise<number> {
  let last = value();
  for (let looks = 0; looks < LOOKS; looks += 1) {
    await sleep(BETWEEN_MS);
    if (value() !== last) looks = 0;
    last = value();
  }
  return last;
}
