import { random } from '../random.ts';

/** The ways to ask: three recoveries of SendMessage, and SendMessageSync. */
export type Mode = 'FAIL' | 'RESTART' | 'HOLD_BACK' | 'sync';

/** What a caller does. Times are in ms, from the begin of its call. */
export interface CallPlan {
  /** Unique: by it the upstream knows the call. */
  readonly question: string;
  readonly mode: Mode;
  readonly deadlineMs: number;
  /** Absent: it does not cancel. */
  readonly cancelAfterMs?: number;
}

/** What is hard on whoever cuts text in pieces or escapes it. */
const PIECES = [
  'alpha',
  ' beta',
  'é',
  ' 東京',
  '👩‍🚀',
  '\n',
  '"quoted"',
  '\\',
  ' ½',
  '\u2028',
  ' 𝄞',
];

/** Draws plans, the same for the same seed. */
export class Draw {
  /** From 0 to below 1. */
  readonly chance: () => number;

  constructor(seed: number) {
    this.chance = random(seed);
  }

  /** A whole number from 0 to below `count`. */
  upTo(count: number): number {
    return Math.floor(this.chance() * count);
  }

  oneOf<T>(list: readonly T[]): T {
    const chosen = list[this.upTo(list.length)];
    if (chosen === undefined) throw new RangeError('there is nothing to choose from');
    return chosen;
  }

  /** So many pieces of text. */
  texts(length: number): string[] {
    return Array.from({ length }, () => this.oneOf(PIECES));
  }
}
