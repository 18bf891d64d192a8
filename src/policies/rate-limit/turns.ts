import { Alarm } from '../../core/alarm.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { endReason } from '../../core/signal.ts';
import { type Ahead, NOBODY } from './ahead.ts';
import type { Capacity } from './capacity.ts';
import { keysOf, longest, type RateWait } from './key-limits.ts';
import type { Patience } from './patience.ts';
import type { Permit, WaitedFor } from './permit.ts';
import type { Places } from './places.ts';
import type { Priority } from './priority.ts';
import { refusal } from './refusal.ts';
import type { TokenNeed } from './token-need.ts';
import { WaitQueue } from './wait-queue.ts';
import { type Arrival, Waiter } from './waiter.ts';

/** How often it is looked whether others leave capacity for those for whom nobody waits, in ms. */
const SPARE_CHECK_MS = 1_000;

interface TurnsDeps {
  readonly clock: Clock;
  readonly capacity: Capacity;
  readonly need: TokenNeed;
  readonly patience: Patience;
  readonly places: Places;
  /** Takes what it needs. Undefined: there is no room, and nothing was taken. */
  readonly take: (waiter: Waiter, now: number) => Permit | undefined;
}

/** Those who wait for a target: whose turn it is, and who has waited enough. */
export class Turns {
  readonly #clock: Clock;
  readonly #capacity: Capacity;
  readonly #need: TokenNeed;
  readonly #patience: Patience;
  readonly #take: TurnsDeps['take'];
  readonly #places: Places;
  readonly #queue = new WaitQueue<Waiter>();
  readonly #alarm: Alarm;
  /** What the head of the queue waits for; undefined: for nothing but its count. */
  #heldBy: WaitedFor | undefined;

  constructor({ clock, capacity, need, patience, places, take }: TurnsDeps) {
    this.#places = places;
    this.#clock = clock;
    this.#capacity = capacity;
    this.#need = need;
    this.#patience = patience;
    this.#take = take;
    this.#alarm = new Alarm(clock, () => this.serve());
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Whether nobody waits whom somebody of this priority would have to let go first. */
  isFree(priority: Priority): boolean {
    return this.#queue.isFree(priority);
  }

  /** What the next of somebody, with this priority, has ahead. */
  ahead(priority: Priority, owner: string): Ahead {
    return this.#queue.ahead(priority, owner);
  }

  /** Who would leave for the next of somebody, with this priority; undefined: nobody. */
  lastOfMost(priority: Priority, owner: string): Waiter | undefined {
    return this.#queue.lastOfMost(priority, owner);
  }

  /** Refuses one who waits: its place is needed. */
  giveWay(waiter: Waiter): void {
    const { call, priority, owner, tokens } = waiter;
    const wait = this.#capacity.wait(
      tokens,
      this.ahead(priority, owner),
      this.#clock.now(),
      keysOf(call),
    );
    this.#refuse(waiter, refusal(call, wait, 'full'));
  }

  /** Resolves when its turn has come; rejects with what it is refused with. */
  await(arrival: Omit<Arrival, 'leaveAt' | 'waitedFor'>): Promise<Permit> {
    const leaveAt = this.#patience.leaveAt(arrival.call, arrival.since);
    const waiter = new Waiter({ ...arrival, leaveAt, waitedFor: this.#heldBy }, (ended) =>
      this.#leave(ended),
    );
    this.#queue.add(waiter);
    this.#patience.add(waiter);
    if (!waiter.isCounted) void this.#count(waiter);
    this.serve();
    return waiter.permit;
  }

  /** Refuses those who wait. */
  close(): void {
    this.#alarm.cancel();
    for (const waiter of this.#queue) this.#refuse(waiter, new ProviderError('SHUTTING_DOWN'));
  }

  /** The upstream refused an attempt: who need not wait for it to come round does not. */
  sendElsewhere(): void {
    const now = this.#clock.now();
    for (const waiter of this.#patience.leaving) {
      const wait = this.#waitOf(waiter, now);
      if (now + longest(wait) > waiter.leaveAt) {
        this.#refuse(waiter, refusal(waiter.call, wait, 'too_long'));
      }
    }
    this.serve();
  }

  async #count(waiter: Waiter): Promise<void> {
    const counted = await this.#need.count(waiter.call, () => this.#clock.now());
    if (!this.#queue.has(waiter)) return;
    if (counted?.neverFits !== undefined) {
      this.#refuse(waiter, counted.neverFits);
      this.serve();
      return;
    }
    if (counted !== undefined) {
      this.#queue.resized(waiter, counted.tokens - waiter.tokens);
      waiter.tokens = counted.tokens;
    }
    waiter.isCounted = true;
    this.serve();
  }

  #leave(waiter: Waiter): void {
    this.#refuse(waiter, endReason(waiter.call.signal));
    this.serve();
  }

  #refuse(waiter: Waiter, error: unknown): void {
    this.#queue.delete(waiter);
    this.#patience.delete(waiter);
    waiter.refuse(error);
  }

  /** Admits as many as there is room for, sends on who has waited enough, and sets the clock. */
  serve(): void {
    if (this.#queue.size > 0) {
      const now = this.#clock.now();
      do this.#admitAll(now);
      while (this.#letGo(now));
    } else this.#heldBy = undefined;
    if (this.#queue.size === 0) this.#alarm.cancel();
  }

  #admitAll(now: number): void {
    this.#heldBy = undefined;
    if (this.#capacity.isNarrow(now) && this.#queue.hasOwners)
      this.#queue.prefer(this.#places.counted());
    for (const next of this.#queue) {
      if (next.call.signal.aborted) {
        // One signal may end many calls, and its listeners are called one after the other.
        this.#refuse(next, endReason(next.call.signal));
        continue;
      }
      if (this.#patience.isInVain(next, now)) {
        this.#refuse(next, refusal(next.call, this.#waitOf(next, now), 'in_vain'));
        continue;
      }
      if (!next.isCounted) continue;
      const permit = this.#take(next, now);
      if (permit === undefined) {
        this.#hold(next, now);
        if (this.#holdsAll(next, now)) return;
        continue;
      }
      this.#queue.served(next);
      this.#patience.delete(next);
      next.admit(permit);
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
    const { leaving } = this.#patience;
    const { size } = leaving;
    for (const waiter of this.#patience.leaving) {
      if (waiter.leaveAt > now) {
        this.#alarm.at(waiter.leaveAt);
        break;
      }
      // It is sent or refused as soon as its size is known.
      if (!waiter.isCounted) continue;
      this.#refuse(waiter, refusal(waiter.call, this.#waitOf(waiter, now), 'too_long'));
    }
    return leaving.size < size;
  }

  #waitOf({ tokens, call }: Waiter, now: number): RateWait {
    return this.#capacity.wait(tokens, NOBODY, now, keysOf(call));
  }
}
