import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { CallRecord } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { throwIfOver } from '../../core/throw-if-over.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { KeyRefusal, KeyRing } from './key-ring.ts';
import { type KeyHeadroom, KeySearch } from './key-search.ts';
import { withOnlyKey } from './only-key.ts';

export interface KeysDeps {
  readonly clock: Clock;
  readonly limits: KeyHeadroom;
  readonly instruments: Pick<Instruments, 'keysSetAside'>;
}

/**
 * Chooses the API key, by weight and by what the upstream grants each. One that is refused or out of
 * quota is set aside; one whose rate limit is exceeded is left alone by its target's limiter. If the
 * attempt brought no output the next one is used at once, after a refused rate one that draws on other
 * limits: what ails a key says nothing against the target.
 */
export function keys(ring: KeyRing, deps: KeysDeps): Stage {
  if (ring.size === 1) {
    return (next) => (call, emit) =>
      withOnlyKey(next, call, emit, ring, (reason) => countAside(reason, call, deps));
  }
  const failed = new FailedKeys();
  return (next) => (call, emit) => withKeys(next, call, emit, ring, failed, deps);
}

async function withKeys(
  next: Handler,
  call: Call,
  emit: Emit,
  ring: KeyRing,
  failed: FailedKeys,
  deps: KeysDeps,
): Promise<Completed> {
  const search = new KeySearch(call, ring, deps.limits, failed.of(call));
  const pass: Emit = (event) => {
    // `started` proves too little: errors of key and quota come inside of streams, too.
    if (event.type !== 'started') search.accepted();
    emit(event);
  };
  for (;;) {
    try {
      const completed = await next({ ...call, key: search.key, keys: search }, pass);
      search.accepted();
      return completed;
    } catch (thrown) {
      failed.add(call, search.key);
      goOn(search, ProviderError.from(thrown), call, deps);
      throwIfOver(call, deps.clock);
    }
  }
}

/** Keys with which an attempt of a call failed: the next is made with another one, should that be why. */
class FailedKeys {
  readonly #keys = new WeakMap<CallRecord, Set<number>>();

  of({ record }: Call): ReadonlySet<number> | undefined {
    return this.#keys.get(record);
  }

  add({ record }: Call, key: number): void {
    const keys = this.#keys.get(record);
    if (keys === undefined) this.#keys.set(record, new Set([key]));
    else keys.add(key);
  }
}

/** Moves on to the next key, or throws the error if it is not the key's or there is none. */
function goOn(search: KeySearch, error: ProviderError, call: Call, deps: KeysDeps): void {
  const { reason } = error;
  if (reason === 'INVALID_API_KEY' || reason === 'QUOTA_EXCEEDED') {
    if (search.setAside(reason)) countAside(reason, call, deps);
    search.afterRefusal(error);
  } else if (isUpstreamsLimit(error)) {
    search.afterRateLimit(error);
  } else {
    throw error;
  }
}

function countAside(reason: KeyRefusal, { upstream }: Call, { instruments }: KeysDeps): void {
  instruments.keysSetAside.add(1, { [ATTRIBUTE.target]: upstream, [ATTRIBUTE.reason]: reason });
}

/** The queue of this process has looked at all keys before it refuses. */
function isUpstreamsLimit({ reason, facts }: ProviderError): boolean {
  if (reason !== 'RATE_LIMIT_EXCEEDED') return false;
  return facts.upstreamStatus !== undefined || facts.upstreamCode !== undefined;
}
