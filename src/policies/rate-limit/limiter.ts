import { Alarm } from '../../core/alarm.ts';
import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type ProviderLog, SILENT } from '../../core/provider-log.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { endReason } from '../../core/signal.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import { Capacity, type RateLeft } from './capacity.ts';
import type { RateLimitOptions } from './options.ts';
import { type Admission, type Outcome, Permit, type WaitedFor } from './permit.ts';
import { type Priority, priorityOf } from './priority.ts';
import type { QuotaGroups } from './quota-groups.ts';
import { refusal, tooLarge } from './refusal.ts';
import type { LimitedTarget, NewRateSource } from './source.ts';
import { type Queued, WaitQueue } from './wait-queue.ts';

export interface LimiterDeps {
  readonly clock: Clock;
  readonly sizes: Pick<PromptSizes, 'estimate' | 'count'>;
  readonly newSource: NewRateSource;
  /** Longest wait of a call that has somewhere else to go, in ms, 0 or more; see FallbackOptions. */
  readonly maxWaitMs: number;
  /** Which keys of the upstream share their limits. Default: it has one key. */
  readonly groups?: QuotaGroups;
  /** Is told (warn) when the upstream makes attempts wait for long. */
  readonly log?: Pick<ProviderLog, 'warn'>;
}

interface Waiter extends Queued {
  readonly call: Call;
  readonly since: number;
  /** Epoch ms at which it goes elsewhere; Infinity if it has nowhere to go. */
  readonly leaveAt: number;
  tokens: number;
  /** Until its prompt is counted it is not sent, and others pass it. */
  isCounted: boolean;
  waitedFor: WaitedFor | undefined;
  readonly admitted: (permit: Permit) => void;
  readonly refused: (error: unknown) => void;
}

/** Of a call that asks for no tier. */
const ORDINARY: Priority = priorityOf({});

const NEVER = Number.POSITIVE_INFINITY;

const NOBODY = { requests: 0, tokens: 0 } as const;

/** With so many times what a prompt needs in store, a guess at its length will do. */
const PLENTY = 4;

/** How often it is looked whether others leave capacity for those for whom nobody waits, in ms. */
const SPARE_CHECK_MS = 1_000;

/** Shorter holds are not told, in ms: an upstream at its limit asks for a second over and over. */
const LONG_HOLD_MS = 10_000;

/**
 * What one target may be sent, and the queue for it. Those for whom nobody waits go last, and only while
 * half of it is free. Whoever comes while others of the same or a
 * higher priority wait, waits behind them, however little it needs: a big prompt is not starved by
 * small ones. Nobody waits for what only another one needs: its prompt to be counted, or a key that
 * this one may not use.
 */
export class Limiter {
  #options: RateLimitOptions;
  readonly #deps: LimiterDeps;
  /** Longest wait of a call that has somewhere else to go, in ms. */
  #maxWaitMs: number;
  readonly #capacity: Capacity;
  readonly #queue = new WaitQueue<Waiter>();
  /** Those of the queue that have somewhere else to go, in the order in which they will. */
  readonly #leaving = new Set<Waiter>();
  readonly #alarm: Alarm;
  readonly #target: LimitedTarget;
  readonly #log: Pick<ProviderLog, 'warn'>;
  /** What the head of the queue waits for; undefined: for nothing but its count. */
  #heldBy: WaitedFor | undefined;
  /** Until when an operator was told that attempts are held, epoch ms. */
  #toldUntil = 0;

  constructor(target: LimitedTarget, options: RateLimitOptions, deps: LimiterDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#maxWaitMs = deps.maxWaitMs;
    this.#target = target;
    this.#log = deps.log ?? SILENT;
    this.#capacity = new Capacity(
      target,
      options,
      deps.newSource,
      deps.clock.now(),
      () => this.#serve(),
      deps.groups,
    );
    this.#alarm = new Alarm(deps.clock, () => this.#serve());
  }

  /** Other limits from now on, for those who wait, too: they are the target's, not a call's. */
  configure(options: RateLimitOptions, groups: QuotaGroups, maxWaitMs: number): void {
    this.#options = options;
    this.#maxWaitMs = maxWaitMs;
    this.#capacity.configure(options, groups, this.#deps.clock.now());
    this.#serve();
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

  /** Epoch ms until which the upstream lets nothing through; undefined: it does. */
  get heldUntil(): number | undefined {
    const now = this.#deps.clock.now();
    const heldMs = this.#capacity.heldMs(now);
    return heldMs > 0 ? now + heldMs : undefined;
  }

  /** Share of what the upstream grants a key that is left, 0 to 1; 1 where nobody knows. */
  headroom(key: number): number {
    return this.#capacity.headroom(key, this.#deps.clock.now());
  }

  /** What is left of the limits that are known; undefined: none is. */
  get left(): RateLeft | undefined {
    return this.#capacity.left(this.#deps.clock.now());
  }

  /** How long one more of a usual size would wait now, in ms. An estimate. */
  get queueWaitMs(): number {
    const { waitMs } = this.#capacity.wait(0, this.#queue.ahead(ORDINARY), this.#deps.clock.now());
    return Number.isFinite(waitMs) ? waitMs : 0;
  }

  /** Nothing would be lost with it but what it has learned. */
  get isIdle(): boolean {
    return this.running === 0 && this.queued === 0;
  }

  /**
   * A permit for one attempt: at once if there is room, else when its turn has come. To be released.
   *
   * @throws ProviderError RATE_LIMIT_EXCEEDED if too many wait, if the wait would outlast the deadline,
   *   if it is long and the call has somewhere else to go, if it is a hedge, or if the request is larger than the limit,
   *   also by rejection when that turns out later; the end of the call, also by rejection, when its
   *   signal is aborted.
   */
  admit(call: Call): Permit | Promise<Permit> {
    const now = this.#deps.clock.now();
    const priority = priorityOf(call.request, call.background);
    const countsTokens = keysOf(call).some((key) => this.#capacity.countsTokens(key, now));
    const input = countsTokens ? this.#deps.sizes.estimate(call) : 0;
    const tokens = countsTokens ? this.#capacity.withOutput(input, call.request) : 0;
    const isCounted =
      this.#capacity.hasTokens(PLENTY * tokens, now, call.key) &&
      PLENTY * input <= this.#capacity.largestRequest(keysOf(call), now);
    const isNext = this.#queue.ahead(priority).requests === 0;
    // Counting takes a place in the queue; where there is none, the guess has to do.
    if (isNext && (isCounted || this.#isFull)) {
      const key = this.#take(call, tokens, now);
      if (key !== undefined) return this.#permit(call, key, tokens, now);
    }
    return this.#enqueue(call, priority, tokens, isCounted, now);
  }

  /** Refuses those who wait. */
  close(): void {
    this.#alarm.cancel();
    for (const waiter of this.#queue) this.#refuse(waiter, new ProviderError('SHUTTING_DOWN'));
  }

  // As the issuer of permits:

  reported(admission: Admission, headroom: RateHeadroom): void {
    this.#capacity.reported(admission, headroom, this.#deps.clock.now());
    this.#tellHold(admission.key);
    this.#serve();
  }

  firstEvent(admission: Admission): void {
    this.#capacity.firstEvent(admission, this.#deps.clock.now());
    // It may be the one that had to find out whether a hold is over.
    if (this.queued > 0) this.#serve();
  }

  released(admission: Admission, outcome: Outcome): void {
    this.#capacity.release(admission, outcome, this.#deps.clock.now());
    if (outcome.error?.reason === 'RATE_LIMIT_EXCEEDED') this.#tellHold(admission.key);
    this.#serve();
    if (outcome.error?.reason === 'RATE_LIMIT_EXCEEDED') this.#sendElsewhere();
  }

  get #isFull(): boolean {
    return this.#queue.size >= this.#options.maxQueued;
  }

  /**
   * Takes what an attempt needs, with the key that is planned for it or with another that has room.
   * Returns which; undefined: there is no room, and nothing was taken.
   */
  #take(call: Call, tokens: number, now: number): number | undefined {
    if (call.background && !this.#capacity.hasSpare(now, call.key)) return undefined;
    if (this.#capacity.take(tokens, now, call.key)) return call.key;
    if (call.keys === undefined || !this.#capacity.hasPlace(now)) return undefined;
    const key = call.keys.next((one) => this.#capacity.room(one, tokens, now));
    if (key === undefined || !this.#capacity.take(tokens, now, key)) return undefined;
    call.keys.use(key);
    return key;
  }

  #permit(call: Call, key: number, tokens: number, now: number, waiter?: Waiter): Permit {
    const admission: Admission = {
      at: now,
      key,
      tokens,
      ...this.#capacity.marks(now, key),
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
    // Nobody needs it as long as another attempt may still answer.
    if (call.hedge) throw refusal(call, this.#waitOf({ call, tokens }, now), 'too_long');
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#leave(waiter);
      const settle = () => call.signal.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        call,
        priority,
        since: now,
        leaveAt: call.alternatives.length > 0 ? now + this.#maxWaitMs : NEVER,
        tokens,
        isCounted,
        waitedFor: this.#heldBy,
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
      if (waiter.leaveAt < NEVER) this.#leaving.add(waiter);
      if (!isCounted) void this.#count(waiter);
      this.#serve();
    });
  }

  #refuseIfInVain(call: Call, priority: Priority, tokens: number, now: number): void {
    const wait = this.#capacity.wait(tokens, this.#queue.ahead(priority), now, keysOf(call));
    if (this.#isFull) throw refusal(call, wait, 'full');
    if (now + wait.waitMs > this.#latestStart(call, now)) throw refusal(call, wait, 'in_vain');
    const isTooLong = call.alternatives.length > 0 && wait.waitMs > this.#maxWaitMs;
    if (isTooLong) throw refusal(call, wait, 'too_long');
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
    const now = this.#deps.clock.now();
    for (const waiter of this.#leaving) {
      const wait = this.#waitOf(waiter, now);
      if (now + wait.waitMs > waiter.leaveAt) {
        this.#refuse(waiter, refusal(waiter.call, wait, 'too_long'));
      }
    }
    this.#serve();
  }

  #waitOf(
    { tokens, call }: Pick<Waiter, 'tokens' | 'call'>,
    now: number,
  ): { waitMs: number; subject: string } {
    return this.#capacity.wait(tokens, NOBODY, now, keysOf(call));
  }

  async #count(waiter: Waiter): Promise<void> {
    const { call } = waiter;
    // It rejects when the call is aborted, and then nobody waits.
    const input = await this.#deps.sizes.count(call).catch(() => undefined);
    if (!this.#queue.has(waiter)) return;
    if (input !== undefined) {
      const error = this.#tooLarge(call, input);
      if (error !== undefined) {
        this.#refuse(waiter, error);
        this.#serve();
        return;
      }
      const tokens = this.#capacity.withOutput(input, call.request);
      this.#queue.resized(waiter, tokens - waiter.tokens);
      waiter.tokens = tokens;
    }
    waiter.isCounted = true;
    this.#serve();
  }

  /** Whether the prompt alone is more than can be sent in a minute. */
  #tooLarge(call: Call, counted: number): ProviderError | undefined {
    const limit = this.#capacity.largestRequest(keysOf(call), this.#deps.clock.now());
    // What could not be counted comes as an upper bound, which proves nothing.
    const tokens = Math.min(counted, this.#deps.sizes.estimate(call));
    return tokens > limit ? tooLarge(call, tokens, limit) : undefined;
  }

  #leave(waiter: Waiter): void {
    this.#refuse(waiter, endReason(waiter.call.signal));
    this.#serve();
  }

  #refuse(waiter: Waiter, error: unknown): void {
    this.#remove(waiter);
    waiter.refused(error);
  }

  #remove(waiter: Waiter): void {
    this.#queue.delete(waiter);
    this.#leaving.delete(waiter);
  }

  /** Admits as many as there is room for, sends on who has waited enough, and sets the clock. */
  #serve(): void {
    const now = this.#deps.clock.now();
    do this.#admitAll(now);
    while (this.#letGo(now));
    if (this.#queue.size === 0) this.#alarm.cancel();
  }

  #admitAll(now: number): void {
    this.#heldBy = undefined;
    for (const next of this.#queue) {
      if (next.call.signal.aborted) {
        // One signal may end many calls, and its listeners are called one after the other.
        this.#refuse(next, endReason(next.call.signal));
        continue;
      }
      if (now > this.#latestStart(next.call, next.since)) {
        this.#refuse(next, refusal(next.call, this.#waitOf(next, now), 'in_vain'));
        continue;
      }
      if (!next.isCounted) continue;
      const key = this.#take(next.call, next.tokens, now);
      if (key === undefined) {
        this.#hold(next, now);
        if (this.#holdsAll(next, now)) return;
        continue;
      }
      this.#remove(next);
      next.admitted(this.#permit(next.call, key, next.tokens, now, next));
    }
  }

  #hold(waiter: Waiter, now: number): void {
    const keys = keysOf(waiter.call);
    const { waitedFor, waitMs } = this.#capacity.obstacle(waiter.tokens, now, keys);
    if (this.#heldBy === undefined && waitedFor === 'rate_limit') {
      this.#capacity.awaited(this.#queue.total, now);
    }
    this.#heldBy ??= waitedFor;
    waiter.waitedFor ??= waitedFor;
    // What others leave may be too little for it although it is there.
    const leastMs = Number.isFinite(waitMs) ? waitMs : 0;
    const lookMs = waiter.call.background ? Math.max(leastMs, SPARE_CHECK_MS) : waitMs;
    this.#alarm.at(now + lookMs);
  }

  /** Whether nobody behind it can go before it: none has a key that this one may not use. */
  #holdsAll({ call }: Waiter, now: number): boolean {
    const { keys } = call;
    if (keys === undefined || !this.#capacity.hasPlace(now)) return true;
    return keysOf(call).length === keys.size;
  }

  /** Refuses those who have waited as long as they may. Returns whether there were any. */
  #letGo(now: number): boolean {
    const { size } = this.#leaving;
    for (const waiter of this.#leaving) {
      if (waiter.leaveAt > now) {
        this.#alarm.at(waiter.leaveAt);
        break;
      }
      // It is sent or refused as soon as its size is known.
      if (!waiter.isCounted) continue;
      this.#refuse(waiter, refusal(waiter.call, this.#waitOf(waiter, now), 'too_long'));
    }
    return this.#leaving.size < size;
  }

  /** Once for each long hold. */
  #tellHold(key: number): void {
    const now = this.#deps.clock.now();
    const heldMs = this.#capacity.heldMs(now, key);
    if (heldMs < LONG_HOLD_MS || now + heldMs < this.#toldUntil + LONG_HOLD_MS) return;
    this.#toldUntil = now + heldMs;
    const { upstream: target, model } = this.#target;
    const fields = { target, model, key, held_for_ms: Math.ceil(heldMs) };
    this.#log.warn(fields, 'attempts are held back, as the upstream asks');
  }
}

/** The keys that an attempt may be made with now. */
function keysOf({ key, keys }: Call): readonly number[] {
  if (keys === undefined) return [key];
  return Array.from({ length: keys.size }, (_, one) => one).filter((one) => keys.mayUse(one));
}
