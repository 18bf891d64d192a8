import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { deadlineOf } from '../../core/party.ts';
import { type ProviderLog, SILENT } from '../../core/provider-log.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { endReason } from '../../core/signal.ts';
import { whoseTurn } from '../../core/spender.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import { NOBODY } from './ahead.ts';
import { Capacity } from './capacity.ts';
import { HoldLog } from './hold-log.ts';
import { keysOf, longest, type RateLeft } from './key-limits.ts';
import type { RateLimitOptions } from './options.ts';
import { Patience } from './patience.ts';
import { type Admission, type AttemptOutcome, Permit } from './permit.ts';
import { Places } from './places.ts';
import { type Priority, priorityOf } from './priority.ts';
import type { QuotaGroups } from './quota-groups.ts';
import { refusal } from './refusal.ts';
import type { LimitedTarget, NewRateSource } from './source.ts';
import { TokenNeed } from './token-need.ts';
import { Turns } from './turns.ts';
import type { Waiter } from './waiter.ts';

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

/** Of a call that asks for no tier. */
const ORDINARY: Priority = priorityOf({});

/**
 * What one target may be sent, and the queue for it. Those for whom nobody waits go last, and only while
 * half of it is free. Whoever comes while others of the same or a higher priority wait, waits, however little it needs: a
 * big prompt is not starved by small ones. Callers go by turns, so that one of them with hundreds waiting keeps nobody
 * else waiting; where no more may wait, theirs leave for others. Nobody waits for what only
 * another one needs: its prompt to be counted, or a key that this one may not use.
 */
export class Limiter {
  #options: RateLimitOptions;
  readonly #clock: Clock;
  readonly #capacity: Capacity;
  readonly #need: TokenNeed;
  readonly #patience: Patience;
  readonly #turns: Turns;
  readonly #holds: HoldLog;
  readonly #places = new Places();

  constructor(target: LimitedTarget, options: RateLimitOptions, deps: LimiterDeps) {
    this.#options = options;
    this.#clock = deps.clock;
    this.#holds = new HoldLog(target, deps.log ?? SILENT);
    this.#capacity = new Capacity(
      target,
      options,
      deps.newSource,
      deps.clock.now(),
      () => this.#turns.serve(),
      deps.groups,
    );
    this.#need = new TokenNeed(this.#capacity, deps.sizes);
    this.#patience = new Patience(this.#capacity, deps.maxWaitMs);
    this.#turns = new Turns({
      clock: deps.clock,
      capacity: this.#capacity,
      need: this.#need,
      patience: this.#patience,
      places: this.#places,
      take: (waiter, now) => this.#take(waiter.call, waiter.tokens, now, waiter),
    });
  }

  /** Other limits from now on, for those who wait, too: they are the target's, not a call's. */
  configure(options: RateLimitOptions, groups: QuotaGroups, maxWaitMs: number): void {
    this.#options = options;
    this.#patience.configure(maxWaitMs);
    this.#capacity.configure(options, groups, this.#clock.now());
    this.#turns.serve();
  }

  /** Attempts that hold a permit. */
  get running(): number {
    return this.#capacity.running;
  }

  get queued(): number {
    return this.#turns.size;
  }

  get concurrencyLimit(): number {
    return this.#capacity.concurrencyAt(this.#clock.now());
  }

  /** For how long the upstream lets nothing through, in ms; 0: it does. */
  get heldMs(): number {
    return this.#capacity.heldMs(this.#clock.now());
  }

  /** Epoch ms until which the upstream lets nothing through; undefined: it does. */
  get heldUntil(): number | undefined {
    const now = this.#clock.now();
    const heldMs = this.#capacity.heldMs(now);
    return heldMs > 0 ? now + heldMs : undefined;
  }

  /** Whether a wait that a call has no time for, and that was asked for with this key, is likely to be wrong. */
  isWrongFor(call: Call, key: number, waitMs: number): boolean {
    const now = this.#clock.now();
    return now + waitMs >= deadlineOf(call) && this.#capacity.keys.of(key).isDistrusted(now);
  }

  /** Whether failures with a key are known to come of the rate, which is kept to then, or not to. */
  pacesFailures(key: number): boolean {
    return this.#capacity.keys.of(key).pacesFailures;
  }

  /** Share of what the upstream grants a key that is left, 0 to 1; 1 where nobody knows. */
  headroom(key: number): number {
    return this.#capacity.keys.of(key).headroom(this.#clock.now());
  }

  /** What is left of the limits that are known; undefined: none is. */
  get left(): RateLeft | undefined {
    return this.#capacity.keys.left(this.#clock.now());
  }

  /** How long one more of a usual size would wait now, of somebody who is not named, in ms. An estimate. */
  get queueWaitMs(): number {
    const wait = this.#capacity.wait(0, this.#turns.ahead(ORDINARY, ''), this.#clock.now());
    const waitMs = longest(wait);
    return Number.isFinite(waitMs) ? waitMs : 0;
  }

  /** Nothing would be lost with it but what it has learned. */
  get isIdle(): boolean {
    return this.running === 0 && this.queued === 0;
  }

  /**
   * A permit for one attempt: at once if there is room, else when its turn has come. To be released.
   *
   * @throws ProviderError, at once or by rejection. What ended the call if its signal is aborted;
   *   RATE_LIMIT_EXCEEDED if too many wait, or somebody else needs the place; if the wait would outlast the
   *   deadline; if it is long and the call has somewhere else to go; if it is a hedge, which never waits; or if the
   *   request is larger than the limit.
   */
  admit(call: Call): Permit | Promise<Permit> {
    const now = this.#clock.now();
    const priority = priorityOf(call.request, call.background);
    const { tokens, isCounted } = this.#need.guess(call, now);
    // Counting takes a place in the queue; where there is none, the guess has to do.
    if (this.#turns.isFree(priority) && (isCounted || this.#isFull)) {
      const permit = this.#take(call, tokens, now);
      if (permit !== undefined) return permit;
    }
    if (call.signal.aborted) throw endReason(call.signal);
    const owner = whoseTurn(call);
    const wait = this.#capacity.wait(tokens, this.#turns.ahead(priority, owner), now, keysOf(call));
    const last = this.#isFull ? this.#turns.lastOfMost(priority, owner) : undefined;
    if (this.#isFull && last === undefined) throw refusal(call, wait, 'full');
    this.#patience.check(call, wait, now);
    // Nobody needs it as long as another attempt may still answer.
    if (call.hedge)
      throw refusal(call, this.#capacity.wait(tokens, NOBODY, now, keysOf(call)), 'too_long');
    if (last !== undefined) this.#turns.giveWay(last);
    return this.#turns.await({ call, priority, owner, since: now, tokens, isCounted });
  }

  /** Refuses those who wait. */
  close(): void {
    this.#turns.close();
  }

  // As the issuer of permits:

  reported(admission: Admission, headroom: RateHeadroom): void {
    const now = this.#clock.now();
    this.#capacity.reported(admission, headroom, now);
    this.#tellHold(admission.key, now);
    this.#turns.serve();
  }

  firstEvent(admission: Admission): void {
    this.#capacity.firstEvent(admission, this.#clock.now());
    // It may be the one that had to find out whether a hold is over.
    if (this.queued > 0) this.#turns.serve();
  }

  released(admission: Admission, outcome: AttemptOutcome): void {
    const now = this.#clock.now();
    const isRefused = outcome.error?.reason === 'RATE_LIMIT_EXCEEDED';
    this.#capacity.release(admission, outcome, now);
    this.#places.left(admission);
    if (isRefused) this.#tellHold(admission.key, now);
    this.#turns.serve();
    if (isRefused) this.#turns.sendElsewhere();
  }

  get #isFull(): boolean {
    return this.#turns.size >= this.#options.maxQueued;
  }

  /**
   * Takes what an attempt needs, with the key that is planned for it or with another that has room.
   * Undefined: there is no room, and nothing was taken.
   */
  #take(call: Call, tokens: number, now: number, waiter?: Waiter): Permit | undefined {
    const key = this.#takeWithKey(call, tokens, now);
    if (key === undefined) return undefined;
    const admission: Admission = {
      ...this.#capacity.marks(now, key),
      at: now,
      key,
      tokens,
      running: this.#capacity.running,
      waitedMs: waiter === undefined ? 0 : now - waiter.since,
    };
    const waitedFor = waiter?.waitedFor;
    const permit = new Permit(call, waitedFor ? { ...admission, waitedFor } : admission, this);
    this.#places.taken(permit.admission, call);
    return permit;
  }

  #takeWithKey(call: Call, tokens: number, now: number): number | undefined {
    if (call.background && !this.#capacity.hasSpare(now, call.key)) return undefined;
    if (this.#capacity.take(tokens, now, call.key)) return call.key;
    if (call.keys === undefined || !this.#capacity.hasPlace(now)) return undefined;
    const key = call.keys.next((one) => this.#capacity.keys.room(one, tokens, now));
    if (key === undefined || !this.#capacity.take(tokens, now, key)) return undefined;
    call.keys.use(key);
    return key;
  }

  #tellHold(key: number, now: number): void {
    this.#holds.held(key, this.#capacity.heldMs(now, key), now);
  }
}
