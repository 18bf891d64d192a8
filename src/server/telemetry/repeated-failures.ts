import type { Clock, Timer } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** At which the line of a call is written. */
export type CallLogLevel = 'info' | 'warn' | 'error';

/** Time over which lines are counted, in ms. */
const WINDOW_MS = 10_000;

interface Kind {
  readonly reason: ErrorReason;
  /** Empty: the call came to none. */
  readonly target: string;
  readonly level: CallLogLevel;
  lines: number;
  heldBack: number;
}

/**
 * An outage makes every call fail alike, and the log says so often enough: of failures with one reason at
 * one target so many have their lines in ten seconds. The others are counted in a line of their own when
 * these are over.
 */
export class RepeatedFailures {
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, CallLogLevel>;
  readonly #maxLines: () => number;
  /** By reason and target, so there are few. */
  readonly #kinds = new Map<string, Kind>();
  #timer: Timer | undefined;

  /** @param maxLines of each kind in ten seconds; 0: all */
  constructor(clock: Clock, logger: Pick<Logger, CallLogLevel>, maxLines: () => number) {
    this.#clock = clock;
    this.#logger = logger;
    this.#maxLines = maxLines;
  }

  /** Whether a failed call has a line. */
  admit(reason: ErrorReason, target: string, level: CallLogLevel): boolean {
    const maxLines = this.#maxLines();
    if (maxLines === 0) return true;
    this.#timer ??= this.#clock.after(WINDOW_MS, () => this.#tell(), true);
    const key = `${reason} ${target}`;
    const kind = this.#kinds.get(key) ?? { reason, target, level, lines: 0, heldBack: 0 };
    this.#kinds.set(key, kind);
    const hasLine = kind.lines < maxLines;
    if (hasLine) kind.lines += 1;
    else kind.heldBack += 1;
    return hasLine;
  }

  /** Tells of those that were held back. */
  close(): void {
    this.#timer?.cancel();
    this.#tell();
  }

  #tell(): void {
    this.#timer = undefined;
    for (const { reason, target, level, heldBack } of this.#kinds.values()) {
      if (heldBack === 0) continue;
      const fields = { reason, target: target || undefined, calls: heldBack };
      this.#logger[level](fields, 'more calls failed alike');
    }
    this.#kinds.clear();
  }
}
