/** A wait that nobody believes is tried after so many ms, and then after this share of the time for which it was confirmed. */
const FIRST_MS = 1_000;
const SHARE = 0.25;

/**
 * Until the next attempt sees whether a wait that nobody believes was meant, in ms.
 *
 * @param confirmedMs for how long what was seen agreed with it
 * @param maxHoldMs the longest pause between two of them
 */
export function nextProbeMs(confirmedMs: number, maxHoldMs: number): number {
  return Math.min(Math.max(FIRST_MS, SHARE * confirmedMs), maxHoldMs);
}
