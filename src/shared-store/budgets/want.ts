import type { Clock, Timer } from '../../core/clock.ts';

/** Waits before it is asked again for what others have to give back first, in ms, each twice the last. */
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 320;

/** How long it is believed that nobody has anything to give back, in ms. */
const DRY_MS = 500;

/** What calls want of an account beyond what it has. Amounts are pico-dollars. */
export class Want {
  readonly #clock: Clock;
  readonly #ask: () => void;
  #amount = 0n;
  #retryMs = 0;
  #retry: Timer | undefined;
  /** Epoch ms. */
  #dryUntil = Number.NEGATIVE_INFINITY;

  /** @param ask asks the server for it */
  constructor(clock: Clock, ask: () => void) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** 0: nothing. */
  get amount(): bigint {
    return this.#amount;
  }

  /** There is no use in asking. */
  get isVain(): boolean {
    return this.#clock.now() < this.#dryUntil;
  }

  /** Asks for `amount`: at once, or, if there was too little, after a while. */
  raise(amount: bigint): void {
    if (amount > this.#amount) this.#amount = amount;
    if (this.#retryMs === 0) this.#ask();
    else this.#retry ??= this.#clock.after(this.#retryMs, () => this.#askAgain(), true);
  }

  /** @param mayCome there may be more later */
  answered(isMet: boolean, mayCome: boolean): void {
    this.drop();
    this.#retryMs = isMet
      ? 0
      : Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, 2 * this.#retryMs));
    if (mayCome) this.#dryUntil = Number.NEGATIVE_INFINITY;
    else if (!isMet) this.#dryUntil = this.#clock.now() + DRY_MS;
  }

  /** Nobody wants anything any more. */
  drop(): void {
    this.#amount = 0n;
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  #askAgain(): void {
    this.#retry = undefined;
    this.#ask();
  }
}
