import { constants, type Http2Session } from 'node:http2';
import type { Clock } from '../../core/clock.ts';

/** Calls cancelled on their way that a connection may bring at once, and how many a second for ever. */
const BURST = 2_000;
const PER_SECOND = 200;

interface Allowance {
  left: number;
  /** Epoch ms. */
  at: number;
}

/**
 * Closes a connection whose calls are cancelled on their way, again and again. Callers who cancel have
 * waited for something, if only for a turn; to cancel a call in one breath with it is an attack.
 */
export class RapidResets {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #allowances = new WeakMap<Http2Session, Allowance>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** A call of this connection was cancelled on its way; no connection: it has gone already. */
  note(session: Http2Session | undefined): void {
    if (session === undefined || session.destroyed) return;
    const now = this.#clock.now();
    const { left, at } = this.#allowances.get(session) ?? { left: BURST, at: now };
    const allowance = Math.min(BURST, left + ((now - at) * PER_SECOND) / 1_000) - 1;
    this.#allowances.set(session, { left: allowance, at: now });
    if (allowance < 0) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}
