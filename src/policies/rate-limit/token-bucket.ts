export interface BucketShape {
  /** Per ms, above 0. */
  readonly refill: number;
  /** Above 0. */
  readonly capacity: number;
}

/**
 * A bucket that refills evenly. What exceeds its capacity is taken from a full one, and the debt
 * holds up those that come next: over any time t no more is taken than `refill` * t + the larger of
 * `capacity` and one amount.
 */
export class TokenBucket {
  #refill: number;
  #capacity: number;
  /** As of `#at`; below 0 while there is a debt. */
  #level: number;
  #at: number;

  /** Full. */
  constructor({ refill, capacity }: BucketShape, now: number) {
    this.#refill = refill;
    this.#capacity = capacity;
    this.#level = capacity;
    this.#at = now;
  }

  /** Below 0 while there is a debt. */
  level(now: number): number {
    this.#advance(now);
    return this.#level;
  }

  take(amount: number, now: number): boolean {
    if (this.#missing(amount, now) > 0) return false;
    this.#level -= amount;
    return true;
  }

  waitMs(amount: number, now: number, ahead = 0): number {
    return Math.max(0, (this.#missing(amount, now) + ahead) / this.#refill);
  }

  give(amount: number): void {
    this.#level = Math.min(this.#capacity, this.#level + amount);
  }

  /** Changes what is given, and the level at once; what is not stays. */
  set(changes: Partial<BucketShape> & { readonly level?: number }, now: number): void {
    this.#advance(now);
    this.#refill = changes.refill ?? this.#refill;
    this.#capacity = changes.capacity ?? this.#capacity;
    this.#level = Math.min(this.#capacity, changes.level ?? this.#level);
  }

  /** Another shape; what was taken stays taken, and may be a debt by the new one. */
  reshape(shape: BucketShape, now: number): void {
    const level = this.level(now) + shape.capacity - this.#capacity;
    this.set({ ...shape, level }, now);
  }

  /** Empties it. */
  drain(now: number): void {
    this.#advance(now);
    this.#level = Math.min(0, this.#level);
  }

  #missing(amount: number, now: number): number {
    this.#advance(now);
    return Math.min(amount, this.#capacity) - this.#level;
  }

  #advance(now: number): void {
    this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#refill);
    this.#at = now;
  }
}
