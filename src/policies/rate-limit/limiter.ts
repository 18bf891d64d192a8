import { Alarm } from '../../core/alarm.ts';
import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { endReason } from '../../core/signal.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import { Capacity } from './capacity.ts';
import type { RateLimitOptions } from './options.ts';
import { type Admission, type Outcome, Permit, type WaitedFor } from './permit.ts';
import { type Priority, priorityOf } from './priority.ts';
import { refusal } from './refusal.ts';
import type { LimitedTarget, NewRateSource } from './source.ts';
import { type Queued, WaitQueue } from './wait-queue.ts';

export interface LimiterDeps {
  readonly clock: Clock;
  readonly sizes: Pick<PromptSizes, 'estimate' | 'count'>;
  readonly newSource: NewRateSource;
  /** Longest wait of a call that has somewhere else to go, in ms, 0 or more; see FallbackOptions. */
  readonly maxWaitMs: number;
}

interface Waiter extends Queued {
  readonly call: Call;
  readonly since: number;
  tokens: number;
  /** Until its prompt is counted nobody passes it. */
  isCounted: boolean;
  waitedFor: WaitedFor | undefined;
  readonly admitted: (permit: Permit) => void;
  readonly refused: (error: unknown) => void;
}

const NOBODY = { requests: 0, tokens: 0 } as const;

/** With so many times what a prompt needs in store, a guess at its length will do. */
const PLENTY = 4;

/**
 * What one target may be sent, and the queue for it. Whoever comes while others of the same or a
 * higher priority wait, waits behind them, however little it needs: a big prompt is not starved by
 * small ones.
 */
export class Limiter {
  readonly #options: RateLimitOptions;
  readonly #deps: LimiterDeps;
  readonly #capacity: Capacity;
  readonly #queue = new WaitQueue<Waiter>();
  readonly #alarm: Alarm;
  /** What the head of the queue waits for. */
  #heldBy: WaitedFor = 'rate_limit';

  constructor(target: LimitedTarget, options: RateLimitOptions, deps: LimiterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#capacity = new Capacity(target, options, deps.newSource, deps.clock.now(), () =>
      this.#serve(),
    );
    this.#alarm = new Alarm(deps.clock, () => this.#serve());
  }

  /** Attempts that hold a permit. */
  get running(): number {
    return this.#capacity.running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get concurrencyLimit(): number {
    return this.#capacity.concurrencyAt(this.#deps.clock.now());
  }

  /** Nothing would be lost with it but what it has learned. */
  get isIdle(): boolean {
    return this.running === 0 && this.queued === 0;
  }

  /**
   * A permit for one attempt: at once if there is room, else when its turn has come. To be released.
   *
   * @throws ProviderError RATE_LIMIT_EXCEEDED if too many wait, if the wait would outlast the deadline,
   *   or if it is long and the call has somewhere else to go, also by rejection when that turns out
   *   later; the end of the call, also by rejection, when its signal is aborted.
   */
  admit(call: Call): Permit | Promise<Permit> {
    const now = this.#deps.clock.now();
    const priority = priorityOf(call.request);
    const tokens = this.#capacity.countsTokens
      ? this.#capacity.withOutput(this.#deps.sizes.estimate(call), call.request)
      : 0;
    const isCounted = this.#capacity.hasTokens(PLENTY * tokens, now);
    const isNext = this.#queue.ahead(priority).requests === 0;
    // Counting takes a place in the queue; where there is none, the guess has to do.
    if (isNext && (isCounted || this.#isFull) && this.#capacity.take(tokens, now)) {
      return this.#permit(call, tokens, now);
    }
    return this.#enqueue(call, priority, tokens, isCounted, now);
  }

  /** Refuses those who wait. */
  close(): void {
    this.#alarm.cancel();
    for (const waiter of this.#queue) {
      this.#queue.delete(waiter);
      waiter.refused(new ProviderError('SHUTTING_DOWN'));
    }
  }

  // As the issuer of permits:

  reported(admission: Admission, headroom: RateHeadroom): void {
    this.#capacity.reported(admission, headroom, this.#deps.clock.now());
    this.#serve();
  }

  firstEvent(admission: Admission): void {
    this.#capacity.firstEvent(admission, this.#deps.clock.now());
  }

  released(admission: Admission, outcome: Outcome): void {
    this.#capacity.release(admission, outcome, this.#deps.clock.now());
    this.#serve();
    if (outcome.error?.reason === 'RATE_LIMIT_EXCEEDED') this.#sendElsewhere();
  }

  get #isFull(): boolean {
    return this.#queue.size >= this.#options.maxQueued;
  }

  #permit(call: Call, tokens: number, now: number, waiter?: Waiter): Permit {
    const admission: Admission = {
      at: now,
      tokens,
      ...this.#capacity.marks(now),
      waitedMs: waiter === undefined ? 0 : now - waiter.since,
      ...(waiter?.waitedFor === undefined ? {} : { waitedFor: waiter.waitedFor }),
    };
    return new Permit(call, admission, this);
  }

  #enqueue(
    call: Call,
    priority: Priority,
    tokens: number,
    isCounted: boolean,
    now: number,
  ): Promise<Permit> {
    if (call.signal.aborted) throw endReason(call.signal);
    this.#refuseIfInVain(call, priority, tokens, now);
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#leave(waiter);
      const settle = () => call.signal.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        call,
        priority,
        since: now,
        tokens,
        isCounted,
        waitedFor: this.#queue.size > 0 ? this.#heldBy : undefined,
        admitted: (permit) => {
          settle();
          resolve(permit);
        },
        refused: (error) => {
          settle();
          reject(error);
        },
      };
      call.signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.add(waiter);
      if (!isCounted) void this.#count(waiter);
      this.#serve();
    });
  }

  #refuseIfInVain(call: Call, priority: Priority, tokens: number, now: number): void {
    const wait = this.#capacity.wait(tokens, this.#queue.ahead(priority), now);
    if (this.#isFull) throw refusal(call, wait, 'full');
    if (now + wait.waitMs > this.#latestStart(call, now)) throw refusal(call, wait, 'in_vain');
    if (this.#isTooLong(call, wait.waitMs)) throw refusal(call, wait, 'too_long');
  }

  /**
   * When an attempt must begin to be of use, in epoch ms: so that a usual answer is complete by the
   * deadline, yet half of the time of a call may always be spent waiting.
   */
  #latestStart({ deadline }: Call, since: number): number {
    if (deadline === Number.POSITIVE_INFINITY) return deadline;
    return deadline - Math.min(this.#capacity.usualMs, (deadline - since) / 2);
  }

  /** The upstream refused an attempt: who need not wait for it to come round does not. */
  #sendElsewhere(): void {
    const { head } = this.#queue;
    if (head === undefined) return;
    const wait = this.#capacity.wait(head.tokens, NOBODY, this.#deps.clock.now());
    for (const waiter of this.#queue) {
      if (!this.#isTooLong(waiter.call, wait.waitMs)) continue;
      this.#queue.delete(waiter);
      waiter.refused(refusal(waiter.call, wait, 'too_long'));
    }
    this.#serve();
  }

  #isTooLong(call: Call, waitMs: number): boolean {
    return call.alternatives.length > 0 && waitMs > this.#deps.maxWaitMs;
  }

  async #count(waiter: Waiter): Promise<void> {
    const { call } = waiter;
    // It rejects when the call is aborted, and then nobody waits.
    const input = await this.#deps.sizes.count(call).catch(() => undefined);
    if (!this.#queue.has(waiter)) return;
    if (input !== undefined) {
      const tokens = this.#capacity.withOutput(input, call.request);
      this.#queue.resized(waiter, tokens - waiter.tokens);
      waiter.tokens = tokens;
    }
    waiter.isCounted = true;
    this.#serve();
  }

  #leave(waiter: Waiter): void {
    this.#drop(waiter);
    this.#serve();
  }

  #drop(waiter: Waiter): void {
    this.#queue.delete(waiter);
    waiter.refused(endReason(waiter.call.signal));
  }

  /** Admits as many as there is room for, and sets the clock for the next. */
  #serve(): void {
    const now = this.#deps.clock.now();
    for (let next = this.#queue.head; next !== undefined; next = this.#queue.head) {
      if (next.call.signal.aborted) {
        // One signal may end many calls, and its listeners are called one after the other.
        this.#drop(next);
        continue;
      }
      if (now > this.#latestStart(next.call, next.since)) {
        this.#queue.delete(next);
        next.refused(refusal(next.call, this.#capacity.wait(next.tokens, NOBODY, now), 'in_vain'));
        continue;
      }
      if (!next.isCounted) return;
      if (!this.#capacity.take(next.tokens, now)) {
        this.#hold(next, now);
        return;
      }
      this.#queue.delete(next);
      next.admitted(this.#permit(next.call, next.tokens, now, next));
    }
    this.#alarm.cancel();
  }

  #hold(head: Waiter, now: number): void {
    const { waitedFor, waitMs } = this.#capacity.obstacle(head.tokens, now);
    this.#heldBy = waitedFor;
    head.waitedFor ??= waitedFor;
    this.#alarm.at(now + waitMs);
  }
}
