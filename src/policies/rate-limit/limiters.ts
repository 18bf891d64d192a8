import { Limiter, type LimiterDeps } from './limiter.ts';
import { localSource } from './local-source.ts';
import type { RateLimitOptions } from './options.ts';

export interface RateLimitersDeps extends Omit<LimiterDeps, 'newSource'> {
  /** Where configured limits are drawn from. Default: from the time, in this process alone. */
  readonly newSource?: LimiterDeps['newSource'];
}

/** How busy a model is. */
export interface TargetLoad {
  /** Its id in the catalogue. */
  readonly model: string;
  /** Attempts that are being made. */
  readonly running: number;
  /** Attempts that wait for the rate limit or for others to end. */
  readonly queued: number;
  /** Attempts that may run at once now. */
  readonly concurrencyLimit: number;
}

/** Callers choose the names of models, and where every name is allowed there is no end of them. */
const MAX_LIMITERS = 1_000;

/** The limiters of one upstream, one per model, made when a model is first asked. */
export class RateLimiters {
  readonly enabled: boolean;
  readonly #upstream: string;
  readonly #options: RateLimitOptions;
  readonly #deps: RateLimitersDeps;
  /** By id of the model, the longest unused first. */
  readonly #limiters = new Map<string, Limiter>();

  /** @param upstream its name: `default`, or one of the configuration's `targets` */
  constructor(upstream: string, options: RateLimitOptions, deps: RateLimitersDeps) {
    this.enabled = options.enabled;
    this.#upstream = upstream;
    this.#options = options;
    this.#deps = deps;
  }

  /** The limiter of a model by its id. */
  limiter(model: string): Limiter {
    const known = this.#limiters.get(model);
    if (known === undefined) this.#makeRoom();
    else this.#limiters.delete(model);
    const limiter = known ?? this.#newLimiter(model);
    this.#limiters.set(model, limiter);
    return limiter;
  }

  #newLimiter(model: string): Limiter {
    const { clock, sizes, newSource = localSource, maxWaitMs } = this.#deps;
    return new Limiter({ upstream: this.#upstream, model }, this.#options, {
      clock,
      sizes,
      newSource,
      maxWaitMs,
    });
  }

  /** Of the models that were asked. */
  *status(): Generator<TargetLoad> {
    for (const [model, { running, queued, concurrencyLimit }] of this.#limiters) {
      yield { model, running, queued, concurrencyLimit };
    }
  }

  /** Refuses those who wait with SHUTTING_DOWN. */
  close(): void {
    for (const limiter of this.#limiters.values()) limiter.close();
  }

  /** Drops the longest unused limiter that nobody uses now; if all are in use, none. */
  #makeRoom(): void {
    if (this.#limiters.size < MAX_LIMITERS) return;
    for (const [model, limiter] of this.#limiters) {
      if (!limiter.isIdle) continue;
      this.#limiters.delete(model);
      return;
    }
  }
}
