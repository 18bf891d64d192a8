import type { ProviderError } from '../../core/errors.ts';
import { endReason } from '../../core/signal.ts';
import type { Allowance } from './allowance.ts';
import type { Claim } from './claim.ts';
import type { Reservation } from './reservation.ts';
import type { Waiting } from './waiting-queue.ts';

/** A claim that waits in the queue of one of its allowances. */
export class Waiter implements Waiting<Waiter> {
  readonly claim: Claim;
  readonly order: number;
  before: Waiter | undefined;
  behind: Waiter | undefined;
  #at: Allowance;
  readonly #resolvers = Promise.withResolvers<Reservation>();
  readonly #unlisten: () => void;

  /** @param onAbort called when the signal has ended the wait */
  constructor(claim: Claim, at: Allowance, signal: AbortSignal, onAbort: (at: Allowance) => void) {
    this.claim = claim;
    this.order = claim.order;
    this.#at = at;
    at.waiting.join(this);
    const abort = () => {
      this.leave();
      this.refuse(endReason(signal));
      onAbort(this.#at);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#unlisten = () => signal.removeEventListener('abort', abort);
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
    this.#unlisten();
    this.#resolvers.resolve(reservation);
  }

  refuse(error: ProviderError): void {
    this.#unlisten();
    this.#resolvers.reject(error);
  }
}
