import type { ProviderLog } from '../../core/provider-log.ts';
import type { LimitedTarget } from './source.ts';

/** Shorter holds are not told, in ms: an upstream at its limit asks for a second over and over. */
const LONG_HOLD_MS = 10_000;

/** Tells an operator once of each long time for which the upstream makes attempts wait. */
export class HoldLog {
  readonly #target: LimitedTarget;
  readonly #log: Pick<ProviderLog, 'warn'>;
  /** Until when an operator was told that attempts are held, epoch ms. */
  #toldUntil = 0;

  constructor(target: LimitedTarget, log: Pick<ProviderLog, 'warn'>) {
    this.#target = target;
    this.#log = log;
  }

  /** Nothing is sent with this key for so long, in ms. */
  held(key: number, heldMs: number, now: number): void {
    if (heldMs < LONG_HOLD_MS || now + heldMs < this.#toldUntil + LONG_HOLD_MS) return;
    this.#toldUntil = now + heldMs;
    const { upstream: target, model } = this.#target;
    const fields = { target, model, key, held_for_ms: Math.ceil(heldMs) };
    this.#log.warn(fields, 'attempts are held back, as the upstream asks');
  }
}
