import type { Call } from '../../core/call.ts';
import type { Permit, WaitedFor } from './permit.ts';
import type { Priority } from './priority.ts';
import type { Queued } from './wait-queue.ts';

export interface Arrival {
  readonly call: Call;
  readonly priority: Priority;
  readonly owner: string;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms at which it goes elsewhere; Infinity if it has nowhere to go. */
  readonly leaveAt: number;
  readonly tokens: number;
  readonly isCounted: boolean;
  readonly waitedFor: WaitedFor | undefined;
}

/** An attempt that waits for its turn. */
export class Waiter implements Queued {
  readonly call: Call;
  readonly priority: Priority;
  readonly owner: string;
  readonly since: number;
  readonly leaveAt: number;
  tokens: number;
  /** Until its prompt is counted it is not sent, and others pass it. */
  isCounted: boolean;
  waitedFor: WaitedFor | undefined;
  /** Rejects with what it is refused with. */
  readonly permit: Promise<Permit>;
  readonly #outcome = Promise.withResolvers<Permit>();
  readonly #onAbort: () => void;

  /** @param onEnd is called when its call ends before its turn has come */
  constructor(arrival: Arrival, onEnd: (waiter: Waiter) => void) {
    this.call = arrival.call;
    this.priority = arrival.priority;
    this.owner = arrival.owner;
    this.since = arrival.since;
    this.leaveAt = arrival.leaveAt;
    this.tokens = arrival.tokens;
    this.isCounted = arrival.isCounted;
    this.waitedFor = arrival.waitedFor;
    this.permit = this.#outcome.promise;
    const onAbort = (): void => onEnd(this);
    this.#onAbort = onAbort;
    this.call.signal.addEventListener('abort', onAbort, { once: true });
  }

  admit(permit: Permit): void {
    this.#settle();
    this.#outcome.resolve(permit);
  }

  refuse(error: unknown): void {
    this.#settle();
    this.#outcome.reject(error);
  }

  #settle(): void {
    this.call.signal.removeEventListener('abort', this.#onAbort);
  }
}
