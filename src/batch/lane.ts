import type { Clock } from '../core/clock.ts';
import { endReason } from '../core/signal.ts';

/**
 * Where the parts of one model at one upstream are sent, one after another: the next once the upstream
 * has taken the one before.
 */
export class Lane {
  readonly #waiting: (() => void)[] = [];
  readonly #left = new Set<() => void>();
  #taken = false;
  /** Parts that the upstream works on. */
  running = 0;

  /** Resolves with what lets the next one in. Rejects with the end of the signal. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw endReason(signal);
    if (this.#taken) await this.#turn(signal);
    this.#taken = true;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#taken = false;
      this.#waiting.shift()?.();
    };
  }

  get isIdle(): boolean {
    return !this.#taken && this.running === 0 && this.#waiting.length === 0;
  }

  /** One that ran is over. */
  left(): void {
    this.running -= 1;
    for (const wake of this.#left) wake();
    this.#left.clear();
  }

  /** Until one that runs is over, for so many ms at most, or until the signal ends it. */
  untilLeft(mostMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        this.#left.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = clock.after(mostMs, wake);
      this.#left.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(endReason(signal));
      };
      const wake = () => {
        signal.removeEventListener('abort', onAbort);
        // Nobody gets in between: it is taken before whoever comes next can look.
        this.#taken = true;
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** Those that are not used are kept up to here. */
const MAX_LANES = 1_000;

/** One lane for each model at each upstream. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  of(upstream: string, model: string): Lane {
    const key = `${upstream}/${model}`;
    const lane = this.#lanes.get(key) ?? new Lane();
    // Callers choose the names of models.
    if (this.#lanes.size >= MAX_LANES) {
      for (const [other, { isIdle }] of this.#lanes) if (isIdle) this.#lanes.delete(other);
    }
    this.#lanes.set(key, lane);
    return lane;
  }
}
