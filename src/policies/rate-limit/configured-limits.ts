import type { Ahead } from './ahead.ts';
import type { RateLimitOptions } from './options.ts';
import { type Configured, Quota } from './quota.ts';
import type { LimitedTarget, NewRateSource, RateSubject } from './source.ts';

type Options = Pick<RateLimitOptions, 'requestsPerMinute' | 'tokensPerMinute' | 'requestsPerDay'>;

/** The limits of a target as they are configured: everybody's, whatever the key. */
export class ConfiguredLimits {
  readonly #newSource: (subject: RateSubject, limit: number, now: number) => Configured;
  readonly daily = new Quota('requests per day');
  #requests: Configured | undefined;
  #tokens: Configured | undefined;
  #requestsOfDay: Configured | undefined;

  /** @param onMore is called when there is more than was foreseen */
  constructor(
    target: LimitedTarget,
    options: Options,
    newSource: NewRateSource,
    now: number,
    onMore: () => void,
  ) {
    this.#newSource = (subject, limit, at) => {
      const source = newSource({ subject, limit }, target, at);
      source.onChange(onMore);
      return { limit, source };
    };
    this.configure(options, now);
  }

  /** Other limits from now on; what was taken stays taken. */
  configure({ requestsPerMinute, tokensPerMinute, requestsPerDay }: Options, now: number): void {
    const drawn = (was: Configured | undefined, subject: RateSubject, limit?: number) => {
      if (limit === undefined || limit === was?.limit) return limit === undefined ? undefined : was;
      if (was === undefined) return this.#newSource(subject, limit, now);
      was.source.resize(limit, now);
      return { limit, source: was.source };
    };
    this.#requests = drawn(this.#requests, 'requests per minute', requestsPerMinute);
    this.#tokens = drawn(this.#tokens, 'tokens per minute', tokensPerMinute);
    this.#requestsOfDay = drawn(this.#requestsOfDay, 'requests per day', requestsPerDay);
    this.daily.configure(this.#requestsOfDay);
  }

  /** A minute's. */
  get requests(): Configured | undefined {
    return this.#requests;
  }

  /** A minute's. */
  get tokens(): Configured | undefined {
    return this.#tokens;
  }

  /** All who wait need so much: sources that order more order it all at once. */
  awaited({ requests, tokens }: Ahead, now: number): void {
    this.#requests?.source.awaited(requests, now);
    this.#tokens?.source.awaited(tokens, now);
    this.#requestsOfDay?.source.awaited(requests, now);
  }
}
