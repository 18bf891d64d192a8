import { type CallPlan, Draw, type Mode } from '../support/storm/plan.ts';
import type { Script, ScriptEnd } from '../support/upstream/billed-answer.ts';
import { PIECES, textAt } from '../support/upstream/known-text.ts';

/** What is to happen to one call. */
export interface Plan extends CallPlan {
  readonly model: string;
  readonly userId: string;
  readonly projectId: string;
  readonly maxTokens?: number;
  /** What the upstream does with the first attempt, the second and so on; then the last again. */
  readonly scripts: readonly Script[];
}

const RECOVERIES: readonly Mode[] = ['FAIL', 'RESTART', 'HOLD_BACK'];

export const DEADLINE_MS = 60_000;
export const USERS = 40;
export const PROJECTS = 7;

const SILENCE_MS = 60;
const PACES_MS = [20, 40];
const MAX_PROMPT = 120;
const MAX_ATTEMPTS = 3;

const FAILURES: readonly ScriptEnd[] = [
  'cut',
  'reset',
  'error_event',
  'stall',
  'refused_500',
  'refused_429',
  'reset_before_headers',
];

/** Of attempts that are not the last of their call. */
const FAILING_SHARE = 0.35;
const UNREPORTED_SHARE = 0.1;
const CACHED_SHARE = 0.2;
const SYNC_SHARE = 0.2;
const CANCELLED_SHARE = 1 / 3;
const DEADLINE_SHARE = 0.03;
/** Some ends come when the answer is complete. */
const LATEST_END = 1.1;

/** Draws plans, the same for the same seed. */
export class Planner extends Draw {
  readonly #longestAnswer: number;
  #planned = 0;

  readonly #users: number;

  /** @param longestAnswer in tokens, where a call's plan says nothing else */
  constructor(seed: number, longestAnswer = 80, users = USERS) {
    super(seed);
    this.#longestAnswer = longestAnswer;
    this.#users = users;
  }

  /** Calls of every kind, a third of them cancelled somewhere. */
  wild(): Plan {
    const fate = this.chance();
    const cancelled = fate < CANCELLED_SHARE;
    const overdue = !cancelled && fate < CANCELLED_SHARE + DEADLINE_SHARE;
    // Unseen tokens of an answer whose usage never comes, nobody can count.
    const scripts = this.#scripts({ hidden: !cancelled && !overdue });
    const endAfterMs = this.chance() * expectedMs(scripts) * LATEST_END;
    return {
      ...this.plain(),
      mode: this.chance() < SYNC_SHARE ? 'sync' : this.oneOf(RECOVERIES),
      scripts,
      ...(cancelled && { cancelAfterMs: endAfterMs }),
      deadlineMs: overdue ? 50 + endAfterMs : DEADLINE_MS,
    };
  }

  /** A stream of one attempt that is answered. */
  plain(fields: Partial<Plan> = {}): Plan {
    const at = this.#planned++;
    const prompt = textAt(this.upTo(PIECES.length), 1 + this.upTo(MAX_PROMPT));
    return {
      question: `call ${at}. ${prompt}`,
      model: this.chance() < 0.7 ? 'gpt-4o' : 'gpt-4o-mini',
      userId: `user-${this.upTo(this.#users)}`,
      projectId: `project-${this.upTo(PROJECTS)}`,
      mode: 'FAIL',
      scripts: [this.script()],
      deadlineMs: DEADLINE_MS,
      ...fields,
    };
  }

  /** An answer; `fields` say how it ends otherwise. */
  script(fields: Partial<Script> = {}): Script {
    return {
      headersAfterMs: this.upTo(SILENCE_MS),
      firstTokenAfterMs: this.upTo(SILENCE_MS),
      paceMs: this.oneOf(PACES_MS),
      offset: this.upTo(PIECES.length),
      tokens: 1 + this.upTo(this.#longestAnswer),
      hiddenTokens: 0,
      cachedShare: this.chance() < CACHED_SHARE ? this.chance() : 0,
      end: 'answered',
      ...fields,
    };
  }

  #scripts({ hidden }: { readonly hidden: boolean }): readonly Script[] {
    const scripts: Script[] = [];
    while (scripts.length < MAX_ATTEMPTS && this.chance() < FAILING_SHARE) {
      scripts.push(this.script({ end: this.oneOf(FAILURES) }));
    }
    const reported = this.chance() >= UNREPORTED_SHARE;
    const hiddenTokens = hidden && reported && this.chance() < 0.2 ? this.upTo(500) : 0;
    scripts.push(this.script({ end: reported ? 'answered' : 'unreported', hiddenTokens }));
    return scripts;
  }
}

/** The script of a request that `before` others of the same call came before. */
export function scriptAt({ scripts }: Plan, before: number): Script {
  const script = scripts[Math.min(before, scripts.length - 1)];
  if (script === undefined) throw new RangeError('a plan without a script');
  return script;
}

/** How long a call takes, waits between attempts left out. */
function expectedMs(scripts: readonly Script[]): number {
  return scripts.reduce(
    (sum, { headersAfterMs, firstTokenAfterMs, tokens, paceMs }) =>
      sum + headersAfterMs + firstTokenAfterMs + tokens * paceMs,
    0,
  );
}
