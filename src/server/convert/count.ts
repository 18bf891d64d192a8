import { MAX_COUNT } from '../../core/usage.ts';

/**
 * A count as the wire's int32: 0 to 2^31-1, whole. What lies outside is clamped, because the
 * generated encoder throws on it, which would turn a finished answer into an error.
 */
export function toCount(value: number): number {
  if (value > 0) return Math.min(Math.trunc(value), MAX_COUNT);
  return 0;
}
