import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import { throwIfOver } from '../../core/throw-if-over.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { KeyRefusal, KeyRing } from './key-ring.ts';

export interface KeysDeps {
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'keysSetAside'>;
}

/** Refusals are quick, but each is an attempt. */
const MAX_KEYS_PER_PASS = 3;

/**
 * Chooses the API key. One that is refused or out of quota is set aside, and if the attempt brought
 * no output the next one is used at once: what ails a key says nothing against the target.
 */
export function keys(ring: KeyRing, deps: KeysDeps): Stage {
  if (ring.size < 2) return (next) => next;
  return (next) => (call, emit) => withKeys(next, call, emit, ring, deps);
}

async function withKeys(
  next: Handler,
  call: Call,
  emit: Emit,
  ring: KeyRing,
  deps: KeysDeps,
): Promise<Completed> {
  const search = new KeySearch(call, ring, deps);
  const pass: Emit = (event) => {
    search.see(event);
    emit(event);
  };
  for (;;) {
    try {
      const completed = await next({ ...call, key: search.key }, pass);
      search.accepted();
      return completed;
    } catch (thrown) {
      search.goOn(ProviderError.from(thrown));
    }
  }
}

/** The keys that one call goes through until one is accepted. */
class KeySearch {
  readonly #call: Call;
  readonly #ring: KeyRing;
  readonly #deps: KeysDeps;
  readonly #refused = new Set<number>();
  #key: number;
  #answered = false;

  constructor(call: Call, ring: KeyRing, deps: KeysDeps) {
    this.#call = call;
    this.#ring = ring;
    this.#deps = deps;
    this.#key = ring.choose();
  }

  /** Position of the key to use now. */
  get key(): number {
    return this.#key;
  }

  /** `started` proves too little: errors of key and quota come inside of streams, too. */
  see(event: AnswerEvent): void {
    if (event.type !== 'started') this.accepted();
  }

  accepted(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#ring.succeeded(this.#key);
  }

  /** Moves on to the next key, or throws the error if it is not the key's or there is none. */
  goOn(error: ProviderError): void {
    if (error.reason !== 'INVALID_API_KEY' && error.reason !== 'QUOTA_EXCEEDED') throw error;
    this.#setAside(error.reason);
    if (this.#answered || this.#refused.size === MAX_KEYS_PER_PASS) throw error;
    this.#key = this.#ring.choose();
    // All are set aside, and the one that comes back first was tried just now.
    if (this.#refused.has(this.#key)) throw error;
    throwIfOver(this.#call, this.#deps.clock);
  }

  #setAside(reason: KeyRefusal): void {
    this.#refused.add(this.#key);
    if (!this.#ring.refused(this.#key, reason)) return;
    this.#deps.instruments.keysSetAside.add(1, {
      [ATTRIBUTE.target]: this.#call.upstream,
      [ATTRIBUTE.reason]: reason,
    });
  }
}
