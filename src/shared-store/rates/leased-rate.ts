import { DAY_MS, MINUTE_MS } from '../../core/clock.ts';
import { shapeOf } from '../../policies/rate-limit/local-source.ts';
import type { RateLimit, RateSource } from '../../policies/rate-limit/source.ts';
import { TokenBucket } from '../../policies/rate-limit/token-bucket.ts';
import { RateMeter } from './meter.ts';
import type { Draw, Drawn } from './script.ts';
import { CREDIT_MS, SLOW_MS, sharedShape, sliceMsFor } from './shape.ts';

/** What a rate needs of those that draw for it. */
export interface RateKeeper {
  /** The server can be asked. */
  readonly isUp: boolean;
  /** How long the server takes to answer, as measured. */
  readonly roundTripMs: number;
  /** Draws for it as soon as may be. */
  request(rate: LeasedRate): void;
}

/** After which what was drawn and not used is given back, in ms: later it would be a burst. */
const STALE_MS = 2_000;

/** About what a draw takes at least, in ms. */
const DRAW_MS = 5;

/** The shortest and the longest wait before what was not there is tried again, in ms. */
const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 250;

/** How long a server is left alone that could not be asked, or is too slow, in ms. */
const ALONE_MS = 1_000;

/** Of a limit per day so much is drawn ahead at least, and kept: a part, and no more than that. */
const DAILY_PARTS = 1_000;
const MOST_DAILY = 10;

/** This sidecar's part of a limit that several share. What it has drawn it hands out in memory. */
export class LeasedRate implements RateSource {
  #limit: RateLimit;
  readonly #keys: Draw['keys'];
  readonly #keeper: RateKeeper;
  readonly #use: RateMeter;
  #least = 0;
  #listener: (() => void) | undefined;
  /** Drawn and not taken. Below 0: taken on credit, or more was used than was taken. */
  #level = 0;
  #back = 0;
  /** What those who wait are short of. */
  #short = 0;
  /** What the bucket held when it was drawn from last. */
  #bucketLevel: number;
  /** Undefined until the server has told. */
  #sidecars: number | undefined;
  /** Epoch ms of the last draw, and of the next at the earliest. */
  #drawnAt: number;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** Epoch ms until which the server is not asked. */
  #aloneUntil = Number.NEGATIVE_INFINITY;
  /** In place of the server's. */
  #ownBucket: TokenBucket | undefined;
  /** Taken from it and not told to the server. */
  #usedAlone = 0;

  /** @param now epoch ms */
  constructor(limit: RateLimit, keys: Draw['keys'], keeper: RateKeeper, now: number) {
    this.#limit = limit;
    this.#keys = keys;
    this.#keeper = keeper;
    this.#bucketLevel = sharedShape(limit).capacity;
    this.#drawnAt = now;
    this.#use = new RateMeter(now);
    this.#setLeast();
  }

  resize(limit: number, now: number): void {
    this.#limit = { ...this.#limit, limit };
    this.#setLeast();
    this.#ownBucket?.set(this.#ownShape(), now);
  }

  #setLeast(): void {
    const { subject, limit } = this.#limit;
    const isDaily = subject === 'requests per day';
    this.#least = isDaily ? Math.min(MOST_DAILY, Math.floor(limit / DAILY_PARTS)) : 0;
  }

  take(amount: number, now: number): boolean {
    const own = this.#bucketOfItsOwn(now);
    if (own !== undefined) return this.#takeAlone(own, amount, now);
    this.#dropStale(now);
    if (amount > this.#level + this.#credit(now)) {
      this.#short = Math.max(this.#short, amount - this.#level);
      this.#draw(now);
      return false;
    }
    this.#level -= amount;
    this.#use.add(amount);
    if (this.#level < 0 || 2 * this.#level < this.#slice(now)) this.#draw(now);
    return true;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    const own = this.#bucketOfItsOwn(now);
    if (own !== undefined) return own.waitMs(amount, now, ahead);
    this.#dropStale(now);
    const missing = amount + ahead - this.#level;
    if (missing <= this.#credit(now)) return 0;
    const drawMs = Math.max(DRAW_MS, this.#keeper.roundTripMs);
    return Math.max(this.#refillMs(missing, now), this.#nextAt - now, drawMs);
  }

  give(amount: number): void {
    this.#level += amount;
    this.#ownBucket?.give(amount);
  }

  awaited(amount: number, now: number): void {
    if (this.#bucketOfItsOwn(now) !== undefined || amount <= this.#level) return;
    this.#short = Math.max(this.#short, amount - this.#level);
    this.#draw(now);
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
      want: Math.ceil(Math.max(0, this.#short, slice - this.#level, this.#usedAlone)),
      back: this.#back + surplus,
      shape: sharedShape(this.#limit, sliceMsFor(this.#keeper.roundTripMs)),
      level: this.#bucketLevel,
      keepMs: this.#limit.subject === 'requests per day' ? DAY_MS : MINUTE_MS,
      limit: this.#limit.limit,
      isSpent: this.#usedAlone > 0,
    };
    this.#back = 0;
    this.#usedAlone = 0;
    return draw;
  }

  /** What came of it. */
  drawn(draw: Draw, { granted, level, sidecars }: Drawn, now: number): void {
    if (!draw.isSpent) this.#level += granted;
    this.#bucketLevel = level;
    this.#sidecars = sidecars;
    this.#drawnAt = now;
    this.#ownBucket?.set(this.#ownShape(), now);
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

  /**
   * While the server cannot be asked, or is slower than is of use: this sidecar's fair share of the limit,
   * as far as is known.
   */
  #bucketOfItsOwn(now: number): TokenBucket | undefined {
    const { isUp, roundTripMs } = this.#keeper;
    if (isUp && now >= this.#aloneUntil && roundTripMs <= SLOW_MS) {
      this.#ownBucket = undefined;
    } else if (this.#ownBucket === undefined) {
      this.#ownBucket = new TokenBucket(this.#ownShape(), now);
      const share = this.#bucketLevel / (this.#sidecars ?? 1);
      this.#ownBucket.set({ level: share + this.#level }, now);
      this.#level = 0;
    }
    return this.#ownBucket;
  }

  #ownShape() {
    const { subject, limit } = this.#limit;
    return shapeOf({ subject, limit: limit / (this.#sidecars ?? 1) });
  }

  /** What is taken beside a slow server is told to it, which also shows whether it still is slow. */
  #takeAlone(own: TokenBucket, amount: number, now: number): boolean {
    const isTaken = own.take(amount, now);
    if (isTaken) this.#use.add(amount);
    if (!this.#keeper.isUp) return isTaken;
    if (isTaken) this.#usedAlone += amount;
    if (now >= Math.max(this.#aloneUntil, this.#drawnAt + ALONE_MS)) this.#draw(now);
    return isTaken;
  }

  #draw(now: number): void {
    if (now >= this.#nextAt) this.#keeper.request(this);
  }

  /** Whole, as what is drawn: parts of a request would be of no use to anybody. */
  #slice(now: number): number {
    const { refill } = sharedShape(this.#limit);
    const perMs = Math.min(this.#use.at(now), refill);
    return Math.max(this.#least, Math.floor(sliceMsFor(this.#keeper.roundTripMs) * perMs));
  }

  /** What may be taken beyond what was drawn: of this sidecar's part of what the bucket seems to hold. */
  #credit(now: number): number {
    if (this.#sidecars === undefined) return 0;
    const { refill } = sharedShape(this.#limit);
    return Math.min(refill * CREDIT_MS, this.#inBucket(now)) / this.#sidecars;
  }

  #dropStale(now: number): void {
    if (this.#level <= this.#least || now - this.#drawnAt < STALE_MS) return;
    this.#back += this.#level - this.#least;
    this.#level = this.#least;
  }

  /** Ms until this sidecar's share of what flows into the bucket makes up for what is missing. */
  #refillMs(missing: number, now: number): number {
    const { refill } = sharedShape(this.#limit);
    return Math.max(0, missing - this.#inBucket(now)) / (refill / (this.#sidecars ?? 1));
  }

  #inBucket(now: number): number {
    const { refill, capacity } = sharedShape(this.#limit);
    return Math.min(capacity, this.#bucketLevel + refill * (now - this.#drawnAt));
  }
}
