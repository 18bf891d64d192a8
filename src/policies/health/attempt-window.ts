import type { AttemptSummary } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { PerModel } from '../../core/per-model.ts';

/** In ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What the attempts at one model at one upstream were like over the window. */
export interface AttemptStatistics {
  readonly windowMs: number;
  /** That ended in it, those left out that the caller cancelled. */
  readonly attempts: number;
  /** Most frequent first. */
  readonly failures: readonly { readonly reason: ErrorReason; readonly count: number }[];
  /** Absent: none had output. */
  readonly timeToFirstToken?: Percentiles;
  /** Absent: none completed. */
  readonly duration?: Percentiles;
  /** 0: not known. */
  readonly outputTokensPerSecond: number;
}

/** The window. */
export const WINDOW_MS = 5 * 60_000;

/** Attempts of one model that are remembered; under load the window is what they cover. */
const MAX_REMEMBERED = 500;

/** What says nothing of the target but of the request. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set<ErrorReason>([
  'INVALID_REQUEST',
  'UNSUPPORTED_PARAMETER',
  'CONTEXT_TOO_LONG',
  'CONTENT_FILTERED',
]);

interface Remembered {
  readonly attempts: AttemptSummary[];
  /** Of these attempts, if somebody has asked, and until when they are those of the window. */
  known?: { readonly statistics: AttemptStatistics; readonly until: number } | undefined;
}

/** The last attempts at the models of one upstream. */
export class AttemptWindow {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #models = new PerModel<Remembered>(
    () => ({ attempts: [] }),
    (full) => void full.drop(() => true),
  );

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  note(attempt: AttemptSummary, model: string): void {
    const remembered = this.#models.use(model);
    const { attempts } = remembered;
    remembered.known = undefined;
    attempts.push(attempt);
    if (attempts.length >= 2 * MAX_REMEMBERED) attempts.splice(0, MAX_REMEMBERED);
  }

  /** Ids of the models that were asked lately. */
  *models(): Generator<string> {
    for (const [model] of this.#models) yield model;
  }

  /** Those at a model that ended in the window, also by being cancelled. */
  recent(model: string): readonly AttemptSummary[] {
    const since = this.#clock.now() - WINDOW_MS;
    return (this.#models.peek(model)?.attempts ?? [])
      .slice(-MAX_REMEMBERED)
      .filter(({ endedAt }) => endedAt >= since);
  }

  /**
   * Undefined: none has ended in the window that was not cancelled. The same object as long as no attempt
   * has come or gone: they are summed for whoever asks, not for each attempt.
   */
  statistics(model: string): AttemptStatistics | undefined {
    const remembered = this.#models.peek(model);
    if (remembered === undefined) return undefined;
    const { known } = remembered;
    if (known !== undefined && this.#clock.now() <= known.until) return known.statistics;
    const attempts = this.recent(model).filter(({ outcome }) => outcome !== 'CANCELLED');
    if (attempts.length === 0) return undefined;
    const oldest = attempts.reduce((least, { endedAt }) => Math.min(least, endedAt), Infinity);
    const statistics = summed(attempts);
    remembered.known = { statistics, until: oldest + WINDOW_MS };
    return statistics;
  }
}

function summed(attempts: readonly AttemptSummary[]): AttemptStatistics {
  const first = attempts.flatMap(({ startedAt, firstOutputAt }) =>
    firstOutputAt === undefined ? [] : firstOutputAt - startedAt,
  );
  const completed = attempts.filter(({ outcome }) => outcome === 'completed');
  const durations = completed.map(({ startedAt, endedAt }) => endedAt - startedAt);
  return {
    windowMs: WINDOW_MS,
    attempts: attempts.length,
    failures: failuresOf(attempts),
    ...(first.length > 0 && { timeToFirstToken: percentiles(first) }),
    ...(durations.length > 0 && { duration: percentiles(durations) }),
    outputTokensPerSecond: speed(completed),
  };
}

function failuresOf(attempts: readonly AttemptSummary[]): AttemptStatistics['failures'] {
  const counts = new Map<ErrorReason, number>();
  for (const { outcome, ended } of attempts) {
    if (outcome === 'completed' || ended || OF_THE_REQUEST.has(outcome)) continue;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .toSorted((a, b) => b.count - a.count);
}

/** By rank: a value that was measured, not one between two. */
function percentiles(values: readonly number[]): Percentiles {
  // Sorts numbers without asking back, in a fifth of the time.
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function speed(completed: readonly AttemptSummary[]): number {
  let tokens = 0;
  let ms = 0;
  for (const { firstOutputAt, endedAt, outputTokens } of completed) {
    if (firstOutputAt === undefined || outputTokens === undefined) continue;
    tokens += outputTokens;
    ms += endedAt - firstOutputAt;
  }
  return ms > 0 ? (tokens / ms) * 1_000 : 0;
}
