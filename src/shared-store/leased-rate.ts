import { shapeOf } from '../policies/rate-limit/local-source.ts';
import type { RateLimit, RateSource } from '../policies/rate-limit/source.ts';
import { type BucketShape, TokenBucket } from '../policies/rate-limit/token-bucket.ts';
import { RateMeter } from './rate-meter.ts';
import type { Draw, Drawn } from './rate-script.ts';

/** What a rate needs of those that draw for it. */
export interface RateKeeper {
  /** The server can be asked. */
  readonly isUp: boolean;
  /** Draws for it as soon as may be. */
  request(rate: LeasedRate): void;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Share of a limit per minute that is used; what the bucket holds at most, and what a sidecar draws
 * ahead of its own use, both as time. In any minute no more is used than came in, was in the bucket and
 * was drawn ahead when it began: 0.97 * (60 + 1 + 0.5) / 60 of the limit.
 */
const USED_SHARE = 0.97;
const BURST_MS = 1_000;
const SLICE_MS = 500;

/** After which what was drawn and not used is given back, in ms: later it would be a burst. */
const STALE_MS = 2_000;

/** About what a draw takes, in ms. */
const DRAW_MS = 5;

/** The shortest and the longest wait before what was not there is tried again, in ms. */
const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 1_000;

/** How long a server is left alone that could not be asked, in ms. */
const ALONE_MS = 1_000;

/** This sidecar's part of a limit that several share. What it has drawn it hands out in memory. */
export class LeasedRate implements RateSource {
  readonly #limit: RateLimit;
  readonly #keys: Draw['keys'];
  readonly #keeper: RateKeeper;
  readonly #shape: BucketShape;
  readonly #use: RateMeter;
  #listener: (() => void) | undefined;
  /** Drawn and not taken. Below 0: more was used than was taken. */
  #level = 0;
  #back = 0;
  /** What take() was short of. */
  #short = 0;
  /** What the bucket held when it was drawn from last. */
  #bucketLevel: number;
  #sidecars = 1;
  /** Epoch ms of the last draw, and of the next at the earliest. */
  #drawnAt: number;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** Epoch ms until which the server is not asked. */
  #aloneUntil = Number.NEGATIVE_INFINITY;
  /** In place of the server's. */
  #ownBucket: TokenBucket | undefined;

  /** @param now epoch ms */
  constructor(limit: RateLimit, keys: Draw['keys'], keeper: RateKeeper, now: number) {
    this.#limit = limit;
    this.#keys = keys;
    this.#keeper = keeper;
    this.#shape = sharedShape(limit);
    this.#bucketLevel = this.#shape.capacity;
    this.#drawnAt = now;
    this.#use = new RateMeter(now);
  }

  take(amount: number, now: number): boolean {
    const own = this.#bucketOfItsOwn(now);
    if (own !== undefined) return own.take(amount, now);
    this.#dropStale(now);
    if (amount > this.#level) {
      this.#short = Math.max(this.#short, amount - this.#level);
      this.#draw(now);
      return false;
    }
    this.#level -= amount;
    this.#use.add(amount);
    if (2 * this.#level < this.#slice(now)) this.#draw(now);
    return true;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    const own = this.#bucketOfItsOwn(now);
    if (own !== undefined) return own.waitMs(amount, now, ahead);
    this.#dropStale(now);
    const missing = amount + ahead - this.#level;
    if (missing <= 0) return 0;
    return Math.max(this.#refillMs(missing, now), this.#nextAt - now, DRAW_MS);
  }

  give(amount: number): void {
    this.#level += amount;
    this.#ownBucket?.give(amount);
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  // For the keeper:

  /** What to ask the server for. Gives up what it does not need. */
  order(now: number): Draw {
    const slice = this.#slice(now);
    const surplus = this.#short > 0 ? 0 : Math.max(0, Math.floor(this.#level - 2 * slice));
    this.#level -= surplus;
    const draw: Draw = {
      keys: this.#keys,
      want: Math.ceil(Math.max(0, this.#short, slice - this.#level)),
      back: this.#back + surplus,
      shape: this.#shape,
      level: this.#bucketLevel,
      keepMs: this.#limit.subject === 'requests per day' ? DAY_MS : MINUTE_MS,
    };
    this.#back = 0;
    return draw;
  }

  /** What came of it. */
  drawn(draw: Draw, { granted, level, sidecars }: Drawn, now: number): void {
    this.#level += granted;
    this.#bucketLevel = level;
    this.#sidecars = sidecars;
    this.#drawnAt = now;
    const missing = draw.want - granted;
    const waitMs = missing > 0 ? this.#refillMs(missing, now) : 0;
    this.#nextAt = now + Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, waitMs));
    this.#short = 0;
    // Who still waits takes anew.
    this.#listener?.();
  }

  failed(now: number): void {
    this.#aloneUntil = now + ALONE_MS;
    this.#short = 0;
    this.#listener?.();
  }

  /** While the server cannot be asked: this sidecar's fair share of the limit, as of when it could. */
  #bucketOfItsOwn(now: number): TokenBucket | undefined {
    if (this.#keeper.isUp && now >= this.#aloneUntil) {
      this.#ownBucket = undefined;
    } else if (this.#ownBucket === undefined) {
      const { subject, limit } = this.#limit;
      this.#ownBucket = new TokenBucket(shapeOf({ subject, limit: limit / this.#sidecars }), now);
      this.#ownBucket.set({ level: this.#bucketLevel / this.#sidecars + this.#level }, now);
      this.#level = 0;
    }
    return this.#ownBucket;
  }

  #draw(now: number): void {
    if (now >= this.#nextAt) this.#keeper.request(this);
  }

  /** Whole, as what is drawn: parts of a request would be of no use to anybody. */
  #slice(now: number): number {
    return Math.floor(SLICE_MS * Math.min(this.#use.at(now), this.#shape.refill));
  }

  #dropStale(now: number): void {
    if (this.#level <= 0 || now - this.#drawnAt < STALE_MS) return;
    this.#back += this.#level;
    this.#level = 0;
  }

  /** Ms until this sidecar's share of what flows into the bucket makes up for what is missing. */
  #refillMs(missing: number, now: number): number {
    const { refill, capacity } = this.#shape;
    const inBucket = Math.min(capacity, this.#bucketLevel + refill * (now - this.#drawnAt));
    return Math.max(0, missing - inBucket) / (refill / this.#sidecars);
  }
}

function sharedShape(limit: RateLimit): BucketShape {
  if (limit.subject === 'requests per day') return shapeOf(limit);
  const refill = (USED_SHARE * limit.limit) / MINUTE_MS;
  return { refill, capacity: 1 + refill * BURST_MS };
}
