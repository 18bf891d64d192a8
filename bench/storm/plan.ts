import { random } from './random.ts';

/** What is to happen to one call. Times are in ms. */
export interface Plan {
  /** Names the call to caller and upstream: the question that is asked. */
  readonly question: string;
  /** The upstream's silence before its headers, and between them and its first token. */
  readonly headersAfterMs: number;
  readonly firstTokenAfterMs: number;
  readonly deltas: readonly string[];
  /** When the caller cancels, from the begin of its call; undefined: not at all. */
  readonly cancelAfterMs?: number;
}

/** Between two deltas. */
export const PACE_MS = 40;

const SILENCE_MS = 160;
const MAX_DELTAS = 25;
const CANCELLED_SHARE = 1 / 3;
/** Some cancels come when the answer is complete. */
const LATEST_CANCEL = 1.1;

const WORDS = ['alpha', ' beta', 'é', ' 東京', '👩‍🚀', '\n', '"quoted"', ' and', ' so on', ' ½'];

/** The plans of a storm, the same for the same seed. */
export function plans(count: number, seed: number): readonly Plan[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, at) => plan(`call ${at}`, next));
}

function plan(question: string, next: () => number): Plan {
  const headersAfterMs = Math.floor(next() * SILENCE_MS);
  const firstTokenAfterMs = Math.floor(next() * SILENCE_MS);
  const length = 1 + Math.floor(next() * MAX_DELTAS);
  const deltas = Array.from({ length }, () => WORDS[Math.floor(next() * WORDS.length)] ?? '');
  const totalMs = headersAfterMs + firstTokenAfterMs + length * PACE_MS;
  const cancelled = next() < CANCELLED_SHARE;
  const cancelAfterMs = next() * totalMs * LATEST_CANCEL;
  return {
    question,
    headersAfterMs,
    firstTokenAfterMs,
    deltas,
    ...(cancelled && { cancelAfterMs }),
  };
}
