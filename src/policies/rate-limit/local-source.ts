import { DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import { SlidingWindow } from './sliding-window.ts';
import type { NewRateSource, RateLimit, RateSource, RateSubject } from './source.ts';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/**
 * Share of a limit per minute that is used. The rest is for the way to the upstream: what was sent
 * evenly arrives unevenly, and is counted when it arrives.
 */
export const USED_SHARE = 0.97;

/** By so much timers may be late without anything being lost, in ms. */
const TIMER_SLACK_MS = 20;

/** Tokens that may be taken at once after a pause, as time: ten seconds' worth. */
const TOKEN_BURST_MS = 10_000;

/** Draws from what the time brings, in this process alone. */
export const localSource: NewRateSource = (limit, _target, now) => new LocalSource(limit, now);

class LocalSource implements RateSource {
  readonly #subject: RateSubject;
  readonly #bucket: TokenBucket;
  readonly #window: SlidingWindow | undefined;

  constructor(limit: RateLimit, now: number) {
    this.#subject = limit.subject;
    this.#bucket = new TokenBucket(shapeOf(limit), now);
    const needsWindow = limit.subject === 'tokens per minute';
    this.#window = needsWindow ? new SlidingWindow(USED_SHARE * limit.limit, now) : undefined;
  }

  take(amount: number, now: number): boolean {
    if (!this.#bucket.take(amount, now)) return false;
    if (this.#window?.take(amount, now) !== false) return true;
    this.#bucket.give(amount);
    return false;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    const waitMs = this.#bucket.waitMs(amount, now, ahead);
    return Math.max(waitMs, this.#window?.waitMs(amount, now, ahead) ?? 0);
  }

  give(amount: number, takenAt: number): void {
    this.#bucket.give(amount);
    this.#window?.give(amount, takenAt);
  }

  resize(limit: number, now: number): void {
    this.#bucket.reshape(shapeOf({ subject: this.#subject, limit }), now);
    this.#window?.resize(USED_SHARE * limit);
  }

  /** Time brings no more for it. */
  awaited(): void {}

  /** Only time brings more, and `waitMs` foresees that. */
  onChange(): void {}
}

/**
 * How much may be taken at once. Upstreams count over a minute that slides or starts anew, and
 * OpenAI over less: 60 requests a minute may be enforced as one a second
 * (https://help.openai.com/en/articles/5955604). A bucket that holds a minute's worth lets two
 * minutes' worth through within the first, and bursts within a second. Hence
 *
 * - requests go evenly: whatever the window, no more than the limit falls into it. A burst waits for
 *   less than the second over which it may be counted anyway;
 * - one prompt is often more than a second's worth of tokens, so no upstream can count them over so
 *   little. They come in bursts, and the window of a minute is watched itself;
 * - a day's requests may be spent in working hours: the bucket holds all of them, as OpenAI's does,
 *   whose headers tell of an even refill over the day.
 */
export function shapeOf({ subject, limit }: RateLimit): BucketShape {
  if (subject === 'requests per day') return { refill: limit / DAY_MS, capacity: limit };
  const refill = (USED_SHARE * limit) / MINUTE_MS;
  const burst = subject === 'tokens per minute' ? TOKEN_BURST_MS : TIMER_SLACK_MS;
  return { refill, capacity: 1 + refill * burst };
}
