import type { Call } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import { PerModel } from '../../core/per-model.ts';
import type { RateLeft } from './key-limits.ts';
import { Limiter, type LimiterDeps } from './limiter.ts';
import { localSource } from './local-source.ts';
import type { RateLimitOptions } from './options.ts';
import { QuotaGroups } from './quota-groups.ts';

export interface RateLimitersDeps extends Omit<LimiterDeps, 'newSource' | 'groups'> {
  /** Where configured limits are drawn from. Default: from the time, in this process alone. */
  readonly newSource?: LimiterDeps['newSource'];
  /** Quota groups of the keys as configured, by position. Default: there is one key. */
  readonly quotaGroups?: readonly (string | undefined)[];
}

/** How busy a model is. */
export interface TargetLoad {
  /** Its id in the catalogue. */
  readonly model: string;
  /** Attempts that are being made. */
  readonly running: number;
  /** Attempts that wait for the rate limit or for others to end. */
  readonly queued: number;
  /** Attempts that may run at once, as it adapted; 0: not limited. */
  readonly concurrencyLimit: number;
  /** Epoch ms until which the upstream lets nothing through, whatever the key. Absent: it does. */
  readonly heldUntil?: number;
  /** What is left of the limits that are known. Absent: none is. */
  readonly headroom?: RateLeft;
  /** How long one more would wait now, in ms. An estimate. */
  readonly queueWaitMs?: number;
}

/** The limiters of one upstream, one per model, made when a model is first asked. */
export class RateLimiters {
  readonly #upstream: string;
  #options: RateLimitOptions;
  readonly #deps: RateLimitersDeps;
  #maxWaitMs: number;
  #groups: QuotaGroups;
  readonly #limiters = new PerModel((model) => this.#newLimiter(model), dropOne);

  /** @param upstream its name: `default`, or one of the configuration's `targets` */
  constructor(upstream: string, options: RateLimitOptions, deps: RateLimitersDeps) {
    this.#upstream = upstream;
    this.#options = options;
    this.#deps = deps;
    this.#maxWaitMs = deps.maxWaitMs;
    this.#groups = new QuotaGroups(deps.quotaGroups ?? [undefined]);
  }

  /**
   * Other limits from now on. What runs and waits, and what was learned, stays.
   *
   * @param keys whose quota groups these are, where they are others than before
   */
  configure(
    options: RateLimitOptions,
    maxWaitMs: number,
    keys?: { readonly quotaGroups: readonly (string | undefined)[] },
  ): void {
    this.#options = options;
    this.#maxWaitMs = maxWaitMs;
    if (keys !== undefined) this.#groups = new QuotaGroups(keys.quotaGroups);
    for (const [, limiter] of this.#limiters) limiter.configure(options, this.#groups, maxWaitMs);
  }

  get enabled(): boolean {
    return this.#options.enabled;
  }

  /** Longest time for which nothing is sent because the upstream asked for it, in ms. */
  get maxHoldMs(): number {
    return this.#options.maxHoldMs;
  }

  /** Share of what the upstream grants a key for a model that is left, 0 to 1; 1 where nobody knows. */
  headroom(model: string, key: number): number {
    return this.#limiters.peek(model)?.headroom(key) ?? 1;
  }

  /** Whether two keys draw on the same limits, as far as is known. */
  shareLimits(key: number, other: number): boolean {
    return this.#groups.of(key) === this.#groups.of(other);
  }

  /** Whether attempts at a model, by its id, wait. */
  hasQueue(model: string): boolean {
    return (this.#limiters.peek(model)?.queued ?? 0) > 0;
  }

  /** Whether the upstream lets nothing through to a model, by its id, whatever the key. */
  isHeld(model: string): boolean {
    return this.enabled && this.#limiters.peek(model)?.heldUntil !== undefined;
  }

  /** The limiter of a model by its id. */
  limiter(model: string): Limiter {
    return this.#limiters.use(model);
  }

  /** Whether another attempt of a call that failed so adds nothing to the trouble of the upstream. */
  paces({ target, key }: Call, { reason }: ProviderError): boolean {
    if (!this.enabled) return false;
    return reason === 'RATE_LIMIT_EXCEEDED' || this.limiter(target.model.id).pacesFailures(key);
  }

  #newLimiter(model: string): Limiter {
    const { newSource = localSource, ...deps } = this.#deps;
    return new Limiter({ upstream: this.#upstream, model }, this.#options, {
      ...deps,
      maxWaitMs: this.#maxWaitMs,
      newSource,
      groups: this.#groups,
    });
  }

  /** Of the models that were asked. */
  *status(): Generator<TargetLoad> {
    for (const [model, limiter] of this.#limiters) {
      const { running, queued, concurrencyLimit, heldUntil, left, queueWaitMs } = limiter;
      yield {
        model,
        running,
        queued,
        concurrencyLimit,
        queueWaitMs,
        ...(heldUntil !== undefined && { heldUntil }),
        ...(left && { headroom: left }),
      };
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
