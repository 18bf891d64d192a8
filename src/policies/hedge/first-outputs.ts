import type { AttemptSummary } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { PerModel } from '../../core/per-model.ts';
import { Survival } from './survival.ts';

/** The last attempts at the models of one upstream. */
export interface RecentAttempts {
  recent(model: string): readonly AttemptSummary[];
}

/** First outputs that must have been seen: of fewer, one in twenty is no measure. */
const LEAST_SEEN = 50;

/**
 * Longer than so many times the median is slow, however many are: where more than the share takes
 * long, the share itself would say to wait as long as these take.
 */
const MOST_MEDIANS = 3;

/**
 * How many standard errors the share is taken to be larger: of few samples, more than a twentieth may
 * take longer than the sample's own 95th percentile, and each would want a second attempt.
 */
const CONFIDENCE = 1.64;

/** What was computed holds for so long, in ms. */
const FRESH_MS = 1_000;

/** How long attempts at the models of one upstream take to their first output. */
export class FirstOutputs {
  readonly #attempts: RecentAttempts;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #computed = new PerModel<{ at: number; times: Survival }>(
    () => ({ at: Number.NEGATIVE_INFINITY, times: new Survival([]) }),
    (full) => void full.drop(() => true),
  );

  constructor(attempts: RecentAttempts, clock: Pick<Clock, 'now'>) {
    this.#attempts = attempts;
    this.#clock = clock;
  }

  /**
   * After how many ms such a share of the attempts at a model, by its id, has its first output; at most
   * three times the median. Undefined: too few were seen.
   */
  usualMs(model: string, share: number): number | undefined {
    const times = this.#times(model);
    if (times.seen < LEAST_SEEN) return undefined;
    const error = CONFIDENCE * Math.sqrt((share * (1 - share)) / times.seen);
    const ms = Math.min(
      times.quantile(Math.min(1, share + error)),
      MOST_MEDIANS * times.quantile(0.5),
    );
    return Number.isFinite(ms) ? Math.max(1, ms) : undefined;
  }

  /** How much longer one is likely to take, at least, that has been silent for `ms`. In ms. */
  remainingMs(model: string, ms: number): number {
    return this.#times(model).remaining(ms);
  }

  #times(model: string): Survival {
    const computed = this.#computed.use(model);
    const now = this.#clock.now();
    if (now - computed.at >= FRESH_MS) {
      computed.at = now;
      computed.times = new Survival(this.#attempts.recent(model).map(sampleOf));
    }
    return computed.times;
  }
}

function sampleOf({ startedAt, firstOutputAt, endedAt }: AttemptSummary) {
  return { ms: (firstOutputAt ?? endedAt) - startedAt, seen: firstOutputAt !== undefined };
}
