import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { WeightedTurns } from '../../core/weighted-turns.ts';
import { type ApiKey, identityOf } from './api-key.ts';

/** Why a key is set aside. */
export type KeyRefusal = 'INVALID_API_KEY' | 'QUOTA_EXCEEDED';

/** For how long a key is set aside at first; it doubles as long as the key keeps failing. */
const FIRST_ASIDE_MS: Readonly<Record<KeyRefusal, number>> = {
  INVALID_API_KEY: 5 * MINUTE_MS,
  QUOTA_EXCEEDED: MINUTE_MS,
};
const MAX_ASIDE_MS = 60 * MINUTE_MS;

/** How long the others wait for the call that tries a key again, in ms: it may never use it. */
const PROBE_MS = 10_000;

/** How a key fares, whatever its place in a list. */
interface KeyHealth {
  /** Epoch ms. */
  asideUntil: number;
  /** Times it was set aside since it last worked. */
  failures: number;
  /** Why it was set aside last. */
  reason: KeyRefusal;
  /** Epoch ms until which one call alone tries whether it works again. */
  probedUntil: number;
}

interface Slot {
  readonly position: number;
  readonly weight: number;
  readonly health: KeyHealth;
}

/**
 * Which key is used next: each as often as its weight says, evenly mixed, those that failed set aside
 * for a while and then tried by one call before the others follow. Knows keys by position alone.
 */
export class KeyRing {
  readonly #slots: readonly Slot[];
  /** By identity. */
  readonly #health: ReadonlyMap<string, KeyHealth>;
  readonly #clock: Clock;
  readonly #turns = new WeightedTurns();

  /**
   * @param keys none if the upstream wants none
   * @param before the ring of the keys of before: what is known of those that stay goes on to hold
   */
  constructor(keys: readonly ApiKey[], clock: Clock, before?: KeyRing) {
    this.#slots = keys.map((key, position) => {
      const known = before === undefined ? undefined : before.#health.get(identityOf(key));
      const health = known ?? newHealth();
      return { position, weight: key.weight, health };
    });
    this.#health = new Map(
      keys.flatMap((key, position) => {
        const slot = this.#slots[position];
        return slot === undefined ? [] : [[identityOf(key), slot.health]];
      }),
    );
    this.#clock = clock;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** How many are set aside now. */
  get setAside(): number {
    const now = this.#clock.now();
    return this.#slots.filter(({ health }) => health.asideUntil > now).length;
  }

  /** There are keys, and each is set aside now. */
  get isSpent(): boolean {
    return this.size > 0 && this.setAside === this.size;
  }

  isSetAside(position: number): boolean {
    const slot = this.#slots[position];
    return slot !== undefined && !isOpen(slot.health, this.#clock.now());
  }

  /**
   * Position of the key to use: of those with room, else of all that are not set aside, else of the one
   * that comes back first.
   *
   * @param room of a key, 0 to 1, by which its weight is multiplied. Default: all have the same.
   */
  choose(room: (position: number) => number = () => 1): number {
    return this.next(room) ?? this.next(() => 1) ?? this.#firstBack();
  }

  /** Position of the key to use, of those that have room; undefined if none has. */
  next(room: (position: number) => number): number | undefined {
    const now = this.#clock.now();
    const weights = this.#slots.map(({ health, weight, position }) =>
      isOpen(health, now) ? weight * room(position) : 0,
    );
    const position = this.#turns.next(weights);
    const health = position === undefined ? undefined : this.#slots[position]?.health;
    if (health !== undefined && health.failures > 0) health.probedUntil = now + PROBE_MS;
    return position;
  }

  /**
   * The upstream refused a key.
   *
   * @returns whether it was set aside now, and was not before
   */
  refused(position: number, reason: KeyRefusal): boolean {
    const now = this.#clock.now();
    const health = this.#slots[position]?.health;
    // Calls that run at once fail at once; that is one failure of the key, not many.
    if (health === undefined || health.asideUntil > now) return false;
    health.asideUntil = now + Math.min(MAX_ASIDE_MS, FIRST_ASIDE_MS[reason] * 2 ** health.failures);
    health.failures += 1;
    health.reason = reason;
    health.probedUntil = 0;
    return true;
  }

  /** Why the key that comes back first was set aside. */
  get refusal(): KeyRefusal {
    return this.#slots[this.#firstBack()]?.health.reason ?? 'INVALID_API_KEY';
  }

  #firstBack(): number {
    let first: Slot | undefined;
    for (const slot of this.#slots) {
      if (first === undefined || slot.health.asideUntil < first.health.asideUntil) first = slot;
    }
    return first?.position ?? 0;
  }

  /** The upstream answered a request with the key. */
  succeeded(position: number): void {
    const health = this.#slots[position]?.health;
    if (health === undefined) return;
    health.asideUntil = 0;
    health.failures = 0;
    health.probedUntil = 0;
  }
}

function newHealth(): KeyHealth {
  return { asideUntil: 0, failures: 0, reason: 'INVALID_API_KEY', probedUntil: 0 };
}

/** Neither set aside nor tried just now. */
function isOpen({ asideUntil, probedUntil }: KeyHealth, now: number): boolean {
  return asideUntil <= now && probedUntil <= now;
}
