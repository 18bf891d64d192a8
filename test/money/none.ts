import type { Finding } from '../../bench/storm/limits.ts';

/** A count or a difference of what must not be. */
export function none(name: string, value: number): Finding {
  return { name, value, atMost: 0, atLeast: 0 };
}
