import { type CallPlan, Draw } from '../../test/support/storm/plan.ts';

/** What is to happen to one call. Times are in ms. */
export interface Plan extends CallPlan {
  /** The upstream's silence before its headers, and between them and its first token. */
  readonly headersAfterMs: number;
  readonly firstTokenAfterMs: number;
  readonly deltas: readonly string[];
}

/** Between two deltas. */
export const PACE_MS = 40;

const DEADLINE_MS = 10_000;
const SILENCE_MS = 160;
const MAX_DELTAS = 25;
const CANCELLED_SHARE = 1 / 3;
/** Some cancels come when the answer is complete. */
const LATEST_CANCEL = 1.1;

/** The plans of a storm, the same for the same seed. */
export function plans(count: number, seed: number): readonly Plan[] {
  const draw = new Draw(seed);
  return Array.from({ length: count }, (_, at) => plan(`call ${at}`, draw));
}

function plan(question: string, draw: Draw): Plan {
  const headersAfterMs = draw.upTo(SILENCE_MS);
  const firstTokenAfterMs = draw.upTo(SILENCE_MS);
  const deltas = draw.texts(1 + draw.upTo(MAX_DELTAS));
  const totalMs = headersAfterMs + firstTokenAfterMs + deltas.length * PACE_MS;
  const cancelled = draw.chance() < CANCELLED_SHARE;
  const cancelAfterMs = draw.chance() * totalMs * LATEST_CANCEL;
  return {
    question,
    mode: 'FAIL',
    deadlineMs: DEADLINE_MS,
    headersAfterMs,
    firstTokenAfterMs,
    deltas,
    ...(cancelled && { cancelAfterMs }),
  };
}
