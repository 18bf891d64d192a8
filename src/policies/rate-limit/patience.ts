import type { Call } from '../../core/call.ts';
import { deadlineOf } from '../../core/party.ts';
import type { Capacity } from './capacity.ts';
import { longest, type RateWait } from './key-limits.ts';
import { type RefusalCause, refusal } from './refusal.ts';
import type { Waiter } from './waiter.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** Answers are alike if most are complete in so many times as long as usual: who has little time asks for no shorter ones. */
const ALIKE = 2;

/**
 * How long an attempt may wait: so long that its answer still comes in time, and where the call has
 * somewhere else to go, no longer than `maxWait`.
 */
export class Patience {
  readonly #capacity: Pick<Capacity, 'mostlyMs' | 'usualMs'>;
  #maxWaitMs: number;
  /** Those that have somewhere else to go, in the order in which they will. */
  readonly #leaving = new Set<Waiter>();

  /** @param maxWaitMs longest wait of a call that has somewhere else to go, in ms */
  constructor(capacity: Pick<Capacity, 'mostlyMs' | 'usualMs'>, maxWaitMs: number) {
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

  /** When an attempt must begin to be of use, in epoch ms. */
  #latestStart(call: Call, since: number): number {
    const deadline = deadlineOf(call);
    return deadline === NEVER ? deadline : deadline - this.#answerMs(deadline - since);
  }

  /**
   * What is kept for the answer of a call that has so much time, in ms: so much that most are complete, but no more than
   * half of it where answers are not alike. Where they are, what begins with less than a usual one takes is sent in vain.
   */
  #answerMs(timeMs: number): number {
    const { mostlyMs, usualMs } = this.#capacity;
    if (mostlyMs < timeMs / 2 || mostlyMs > ALIKE * usualMs) return Math.min(mostlyMs, timeMs / 2);
    if (mostlyMs <= timeMs) return mostlyMs;
    return usualMs <= timeMs ? usualMs : timeMs / 2;
  }
}
