import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';

/** Of outages that follow one another, at most one in so many ms is told of. */
const SPACING_MS = 60_000;

/** Tells an operator of the store's being away: once for each outage, and once a minute at most. */
export class OutageNotice {
  readonly #clock: Clock;
  readonly #log: Pick<ProviderLog, 'info' | 'warn'>;
  #saidAt = Number.NEGATIVE_INFINITY;
  #lasts = false;
  /** This outage was told of. */
  #isSaid = false;
  /** Outages since the last that was told of, this one included. */
  #outages = 0;
  /** Of what began it. */
  #error: unknown;
  #timer: Timer | undefined;

  constructor(clock: Clock, log: Pick<ProviderLog, 'info' | 'warn'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** It is away, or still is. */
  lost(error: unknown): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.#outages += 1;
    this.#error = error;
    const waitMs = this.#saidAt + SPACING_MS - this.#clock.now();
    if (waitMs <= 0) this.#say();
    else this.#timer ??= this.#clock.after(waitMs, () => this.#sayLater(), true);
  }

  found(): void {
    if (this.#isSaid) this.#log.info({}, 'the shared store is back');
    this.#lasts = false;
    this.#isSaid = false;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #sayLater(): void {
    this.#timer = undefined;
    if (this.#lasts) this.#say();
  }

  #say(): void {
    const fields = { err: this.#error, ...(this.#outages > 1 && { outages: this.#outages }) };
    this.#log.warn(fields, 'the shared store is away; calls go on within their leases');
    this.#saidAt = this.#clock.now();
    this.#isSaid = true;
    this.#outages = 0;
  }
}
