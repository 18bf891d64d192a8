import { PerModel } from '../../core/per-model.ts';
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

/** The limiters of one upstream, one per model, made when a model is first asked. */
export class RateLimiters {
  readonly enabled: boolean;
  readonly #upstream: string;
  readonly #options: RateLimitOptions;
  readonly #deps: RateLimitersDeps;
  readonly #limiters = new PerModel((model) => this.#newLimiter(model), dropOne);

  /** @param upstream its name: `default`, or one of the configuration's `targets` */
  constructor(upstream: string, options: RateLimitOptions, deps: RateLimitersDeps) {
    this.enabled = options.enabled;
    this.#upstream = upstream;
    this.#options = options;
    this.#deps = deps;
  }

  /** The limiter of a model by its id. */
  limiter(model: string): Limiter {
    return this.#limiters.use(model);
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
    for (const [, limiter] of this.#limiters) limiter.close();
  }
}

/** One that nobody uses now; if all are in use, none. */
function dropOne(limiters: PerModel<Limiter>): void {
  limiters.drop(({ isIdle }) => isIdle);
}
