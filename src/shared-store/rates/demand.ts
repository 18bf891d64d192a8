import { RateMeter } from './meter.ts';

/** In which the memory of a peak halves, in ms. */
const PEAK_HALF_LIFE_MS = 2_000;

/** Calls come in bursts: so many times the latest peak of reservations is wanted at hand. */
const HEADROOM = 2;

/** How much money an account needs at hand, as it seems. Amounts are pico-dollars, roughly. */
export class Demand {
  readonly #spending: RateMeter;
  /** As of `#at`. */
  #peak = 0;
  /** Epoch ms. */
  #at: number;

  constructor(now: number) {
    this.#spending = new RateMeter(now);
    this.#at = now;
  }

  /** @param total reserved, or wanted, all together */
  reserved(total: bigint, now: number): void {
    this.#peak = Math.max(Number(total), this.#peakAt(now));
    this.#at = now;
  }

  spent(amount: bigint): void {
    this.#spending.add(Number(amount));
  }

  /** What is likely to be reserved at once, and spent within `horizonMs`. */
  expected(horizonMs: number, now: number): bigint {
    const amount = HEADROOM * this.#peakAt(now) + horizonMs * this.#spending.at(now);
    return BigInt(Math.round(amount));
  }

  #peakAt(now: number): number {
    return this.#peak * 2 ** ((this.#at - now) / PEAK_HALF_LIFE_MS);
  }
}
