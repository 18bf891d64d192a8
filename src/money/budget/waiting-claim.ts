import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderError } from '../../core/errors.ts';
import { endReason } from '../../core/signal.ts';
import type { Allowance } from './allowance.ts';
import type { Claim } from './claim.ts';
import type { Reservation } from './reservation.ts';
import type { Waiting } from './waiting-queue.ts';

/** What ends a wait. */
export interface WaitLimits {
  readonly signal: AbortSignal;
  readonly time?: {
    readonly clock: Clock;
    readonly maxMs: number;
    readonly error: (at: Allowance) => ProviderError;
  };
}

/** A claim that waits in the queue of one of its allowances. */
export class WaitingClaim implements Waiting<WaitingClaim> {
  readonly claim: Claim;
  readonly order: number;
  before: WaitingClaim | undefined;
  behind: WaitingClaim | undefined;
  #at: Allowance;
  readonly #resolvers = Promise.withResolvers<Reservation>();
  readonly #unlisten: () => void;

  readonly #timer: Timer | undefined;

  /**
   * @param limits the signal ends the wait with its reason, and so does the time
   * @param onEnd called when the wait has ended so
   */
  constructor(
    claim: Claim,
    at: Allowance,
    { signal, time }: WaitLimits,
    onEnd: (at: Allowance) => void,
  ) {
    this.claim = claim;
    this.order = claim.order;
    this.#at = at;
    at.waiting.join(this);
    const abort = () => {
      this.leave();
      this.refuse(endReason(signal));
      onEnd(this.#at);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#timer = time?.clock.after(time.maxMs, () => {
      this.leave();
      this.refuse(time.error(this.#at));
      onEnd(this.#at);
    });
    const unlisten = (): void => signal.removeEventListener('abort', abort);
    this.#unlisten = unlisten;
  }

  /** Rejects if the claim is refused, or with the signal's reason. */
  get reservation(): Promise<Reservation> {
    return this.#resolvers.promise;
  }

  leave(): void {
    this.#at.waiting.leave(this);
  }

  waitAt(allowance: Allowance): void {
    this.#at = allowance;
    allowance.waiting.join(this);
  }

  grant(reservation: Reservation): void {
    this.#settled();
    this.#resolvers.resolve(reservation);
  }

  refuse(error: ProviderError): void {
    this.#settled();
    this.#resolvers.reject(error);
  }

  #settled(): void {
    this.#timer?.cancel();
    this.#unlisten();
  }
}
