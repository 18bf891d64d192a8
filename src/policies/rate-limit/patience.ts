import type { Call } from '../../core/call.ts';
import { deadlineOf } from '../../core/party.ts';
import type { Capacity } from './capacity.ts';
import { longest, type RateWait } from './key-limits.ts';
import { type RefusalCause, refusal } from './refusal.ts';
import type { Waiter } from './waiter.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * How long an attempt may wait: so long that its answer still comes in time, and where the call has
 * somewhere else to go, no longer than `maxWait`.
 */
export class Patience {
  readonly #capacity: Pick<Capacity, 'mostlyMs'>;
  #maxWaitMs: number;
  /** Those that have somewhere else to go, in the order in which they will. */
  readonly #leaving = new Set<Waiter>();

  /** @param maxWaitMs longest wait of a call that has somewhere else to go, in ms */
  constructor(capacity: Pick<Capacity, 'mostlyMs'>, maxWaitMs: number) {
    this.#capacity = capacity;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Holds for those who come. */
  configure(maxWaitMs: number): void {
    this.#maxWaitMs = maxWaitMs;
  }

  /** When a call that comes now goes elsewhere, in epoch ms; Infinity: it has nowhere to go. */
  leaveAt({ alternatives }: Call, now: number): number {
    return alternatives.length > 0 ? now + this.#maxWaitMs : NEVER;
  }

  /** @throws ProviderError RATE_LIMIT_EXCEEDED where a call that comes now would wait for too long */
  check(call: Call, wait: RateWait, now: number): void {
    const cause = this.#causeToRefuse(call, wait, now);
    if (cause !== undefined) throw refusal(call, wait, cause);
  }

  /** Whether it is too late for it to be of use. */
  isInVain({ call, since }: Waiter, now: number): boolean {
    return now > this.#latestStart(call, since);
  }

  add(waiter: Waiter): void {
    if (waiter.leaveAt < NEVER) this.#leaving.add(waiter);
  }

  delete(waiter: Waiter): void {
    this.#leaving.delete(waiter);
  }

  /** Those that have somewhere else to go, the next to leave first. */
  get leaving(): ReadonlySet<Waiter> {
    return this.#leaving;
  }

  #causeToRefuse(call: Call, wait: RateWait, now: number): RefusalCause | undefined {
    if (now + wait.waitMs > this.#latestStart(call, now)) return 'in_vain';
    return now + longest(wait) > this.leaveAt(call, now) ? 'too_long' : undefined;
  }

  /**
   * When an attempt must begin to be of use, in epoch ms: so that a usual answer is complete by the
   * deadline, yet half of the time of a call may always be spent waiting.
   */
  #latestStart(call: Call, since: number): number {
    const deadline = deadlineOf(call);
    if (deadline === NEVER) return deadline;
    return deadline - Math.min(this.#capacity.mostlyMs, (deadline - since) / 2);
  }
}
