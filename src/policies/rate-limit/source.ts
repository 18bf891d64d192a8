/** A limit as it is configured. */
export interface RateLimit {
  /** As errors name it: "requests per minute". */
  readonly subject: RateSubject;
  /** Above 0. */
  readonly limit: number;
}

export type RateSubject = 'requests per minute' | 'tokens per minute' | 'requests per day';

/**
 * Where attempts draw what they need of one configured limit. By default each process refills its
 * own by the time (`localSource`). A limit that several processes share is a source that draws from
 * a lease: it takes from what it holds, orders more in the background, tells in `waitMs` when it
 * expects that, and calls the listener when it has come. Nothing here waits, and nothing fails: a
 * source that has lost its store decides itself what it hands out.
 */
export interface RateSource {
  /**
   * Takes `amount` if it may be taken at `now` (epoch ms); else takes nothing and returns false. More
   * than the source can ever hold is taken once it is full, or the request would wait for ever.
   */
  take(amount: number, now: number): boolean;

  /**
   * Ms until `amount` may be taken if others take `ahead` before: 0 if it may be now, above 0 if it
   * may not. An estimate; whoever waits asks again.
   */
  waitMs(amount: number, now: number, ahead?: number): number;

  /**
   * Gives back what was taken at `takenAt` (epoch ms) and not needed. Below 0: more was needed, and
   * is taken now whether it is there or not.
   */
  give(amount: number, takenAt: number): void;

  /** All who wait need so much together. Called whenever the first of them has to wait. */
  awaited(amount: number, now: number): void;

  /** The limit is another one from now on; what was taken stays taken. */
  resize(limit: number, now: number): void;

  /** Calls `listener` whenever there is more than `waitMs` foresaw. */
  onChange(listener: () => void): void;
}

/** What a limit holds for. */
export interface LimitedTarget {
  /** Name of the upstream: `default`, or one of the configuration's `targets`. */
  readonly upstream: string;
  /** Id of the model in the catalogue. */
  readonly model: string;
}

/** @param now epoch ms */
export type NewRateSource = (limit: RateLimit, target: LimitedTarget, now: number) => RateSource;
