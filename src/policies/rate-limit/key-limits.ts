import type { Call } from '../../core/call.ts';
import { type Ahead, NOBODY } from './ahead.ts';
import type { ConfiguredLimits } from './configured-limits.ts';
import { GroupLimits } from './group-limits.ts';
import { Quota } from './quota.ts';
import type { QuotaGroups } from './quota-groups.ts';

/** What a key counts that has room for an attempt, however little is left after it. */
const LEAST_ROOM = 0.01;

/** What may be sent now. */
export interface RateLeft {
  /** Absent: not limited. */
  readonly requests?: number;
  /** Absent: not limited. */
  readonly tokens?: number;
  /** Until all is there again, if nothing more is sent, in ms. */
  readonly fullMs: number;
}

/** How long somebody waits, in ms, and for what most. An estimate. */
export interface RateWait {
  readonly waitMs: number;
  readonly subject: string;
  /** If the upstream means what it asks for, where that is longer. */
  readonly askedMs?: number;
}

/** What the upstream grants each of a target's keys: keys of one quota group have the same limits. */
export class KeyLimits {
  readonly #configured: ConfiguredLimits;
  #maxHoldMs: number;
  #quotaGroups: QuotaGroups;
  /** By group, made when a group is first asked for. */
  readonly #groups = new Map<number, GroupLimits>();

  /** @param maxHoldMs the longest wait that is believed before the upstream is asked again */
  constructor(configured: ConfiguredLimits, maxHoldMs: number, groups: QuotaGroups) {
    this.#configured = configured;
    this.#maxHoldMs = maxHoldMs;
    this.#quotaGroups = groups;
  }

  /** To be called when the configured limits are others, too. */
  configure(maxHoldMs: number, groups: QuotaGroups): void {
    // What is believed of an upstream, and of which key, is learned anew where that has changed.
    if (maxHoldMs !== this.#maxHoldMs || groups !== this.#quotaGroups) this.#groups.clear();
    this.#maxHoldMs = maxHoldMs;
    this.#quotaGroups = groups;
    const { requests, tokens } = this.#configured;
    for (const group of this.#groups.values()) group.configure(requests, tokens);
  }

  of(key: number): GroupLimits {
    const group = this.#quotaGroups.of(key);
    let limits = this.#groups.get(group);
    if (limits === undefined) {
      const maxHoldMs = this.#maxHoldMs;
      const requests = new Quota('requests per minute', this.#configured.requests, maxHoldMs);
      const tokens = new Quota('tokens per minute', this.#configured.tokens, maxHoldMs);
      limits = new GroupLimits({ requests, tokens }, maxHoldMs);
      this.#groups.set(group, limits);
    }
    return limits;
  }

  /** The upstream names the account to which a key belongs. */
  told(key: number, account: string): void {
    this.#quotaGroups.told(key, account);
  }

  /** Whether anything depends on the size of a request that is made with one of these keys. */
  countTokens(keys: readonly number[], now: number): boolean {
    return keys.some((key) => {
      const group = this.of(key);
      return group.limitsTokens || group.largestRequest(now) < Number.POSITIVE_INFINITY;
    });
  }

  /** Tokens that a request with one of these keys can have at most, whenever it is made. */
  largestRequest(keys: readonly number[], now: number): number {
    let most = Number.NEGATIVE_INFINITY;
    for (const key of keys) most = Math.max(most, this.of(key).largestRequest(now));
    return most;
  }

  /** Share of what the upstream grants that is left to whoever needs so many tokens: 0 if they are not there now, else above. */
  room(key: number, tokens: number, now: number): number {
    const group = this.of(key);
    if (group.wait(tokens, NOBODY, 1, now).waitMs > 0) return 0;
    return Math.max(LEAST_ROOM, group.headroom(now));
  }

  /** What is left to the key that has most; undefined where no limit is known. */
  left(now: number): RateLeft | undefined {
    const all = this.#quotaGroups.all.flatMap((key) => this.of(key).remaining(now) ?? []);
    return all.toSorted((a, b) => (b.requests ?? b.tokens ?? 0) - (a.requests ?? a.tokens ?? 0))[0];
  }

  /**
   * For how long the upstream lets nothing through, whatever the key: because it asked for a wait, or
   * because a limit that it reported is used up. In ms.
   *
   * @param tokens of a usual attempt
   */
  heldMs(tokens: number, now: number, key?: number): number {
    if (key !== undefined) return this.of(key).heldMs(tokens, now);
    return Math.min(...this.#quotaGroups.all.map((one) => this.of(one).heldMs(tokens, now)));
  }

  /** The shortest of the groups' waits: an attempt goes with the key that has room first. */
  wait(tokens: number, ahead: Ahead, now: number, keys: readonly number[]): RateWait {
    const groups = new Set(keys.map((key) => this.of(key)));
    let shortest: RateWait = { waitMs: Number.POSITIVE_INFINITY, subject: 'upstream' };
    for (const group of groups) {
      const wait = group.wait(tokens, ahead, 1 / groups.size, now);
      if (wait.waitMs < shortest.waitMs) shortest = wait;
    }
    return shortest;
  }
}

/** What callers are told, and who has somewhere else to go does not wait for: the upstream may mean what it asks for. */
export const longest = ({ waitMs, askedMs = 0 }: RateWait): number => Math.max(waitMs, askedMs);

/** The keys that an attempt may be made with now. */
export function keysOf({ key, keys }: Pick<Call, 'key' | 'keys'>): readonly number[] {
  if (keys === undefined) return [key];
  return Array.from({ length: keys.size }, (_, one) => one).filter((one) => keys.mayUse(one));
}
