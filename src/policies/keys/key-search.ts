import type { Call } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { KeyChoice } from '../../core/key-choice.ts';
import type { KeyRefusal, KeyRing } from './key-ring.ts';

/** What is known of the limits of an upstream's keys. */
export interface KeyHeadroom {
  /** Share of what the upstream grants a key for a model that is left, 0 to 1; 1 where nobody knows. */
  headroom(model: string, key: number): number;
  /** Whether two keys draw on the same limits, as far as is known. */
  shareLimits(key: number, other: number): boolean;
}

/** Refusals are quick, but each is an attempt. */
const MAX_KEYS_PER_PASS = 3;

/** The keys that one call goes through until one is accepted. */
export class KeySearch implements KeyChoice {
  readonly #call: Call;
  readonly #ring: KeyRing;
  readonly #limits: KeyHeadroom;
  /** Those of which this pass knows that they are of no use to it now. */
  readonly #useless = new Set<number>();
  #passes = 1;
  #key: number;
  #answered = false;
  /** The first refusal of a rate: it says more than what ails the other keys. */
  #limited: ProviderError | undefined;

  /** @param failed keys that are left to others if there is another one with room */
  constructor(call: Call, ring: KeyRing, limits: KeyHeadroom, failed?: ReadonlySet<number>) {
    this.#call = call;
    this.#ring = ring;
    this.#limits = limits;
    const other = failed && ring.next((key) => (failed.has(key) ? 0 : this.#headroom(key)));
    this.#key = other ?? ring.choose((key) => this.#headroom(key));
  }

  /** Position of the key to use now. */
  get key(): number {
    return this.#key;
  }

  get size(): number {
    return this.#ring.size;
  }

  mayUse(key: number): boolean {
    return key === this.#key || (!this.#useless.has(key) && !this.#ring.isSetAside(key));
  }

  next(room: (key: number) => number): number | undefined {
    return this.#ring.next((key) => (this.mayUse(key) ? room(key) : 0));
  }

  use(key: number): void {
    this.#key = key;
  }

  accepted(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#ring.succeeded(this.#key);
  }

  /** The key was refused, or is out of quota. Returns whether it was set aside now. */
  setAside(reason: KeyRefusal): boolean {
    this.#useless.add(this.#key);
    return this.#ring.refused(this.#key, reason);
  }

  /** Moves on to the next key that is not set aside, or to the one that comes back first. */
  afterRefusal(error: ProviderError): void {
    this.#passOn(error);
    const key = this.#ring.choose((one) => (this.#useless.has(one) ? 0 : this.#headroom(one)));
    // All are set aside, and the one that comes back first was tried just now.
    if (this.#useless.has(key)) throw this.#limited ?? error;
    this.#key = key;
  }

  /** Moves on to a key of another quota group that has room. */
  afterRateLimit(error: ProviderError): void {
    this.#limited ??= error;
    this.#passOn(error);
    for (let key = 0; key < this.size; key += 1) {
      if (this.#limits.shareLimits(key, this.#key)) this.#useless.add(key);
    }
    const key = this.#ring.next((one) => (this.#useless.has(one) ? 0 : this.#headroom(one)));
    if (key === undefined) throw error;
    this.#key = key;
  }

  #passOn(error: ProviderError): void {
    if (this.#answered || this.#passes === MAX_KEYS_PER_PASS) throw this.#limited ?? error;
    this.#passes += 1;
  }

  #headroom(key: number): number {
    return this.#limits.headroom(this.#call.target.model.id, key);
  }
}
