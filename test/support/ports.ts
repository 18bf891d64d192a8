import { randomInt } from 'node:crypto';

/** Below those that systems give to whoever asks for any (from 32,768 on by Linux, from 49,152 on by IANA). */
const LEAST = 20_000;
const MOST = 32_000;

/** A port that a connection of another process does not come to have: who listens on it may find it taken. */
export function randomPort(): number {
  return randomInt(LEAST, MOST);
}
