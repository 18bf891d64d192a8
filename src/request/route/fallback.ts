import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import {
  type AnswerEvent,
  type AttemptReset,
  type Completed,
  isOutput,
} from '../../core/events.ts';
import { recoveryOf } from '../../core/party.ts';
import { throwIfOver } from '../../core/throw-if-over.ts';
import { mostUseful } from './most-useful.ts';
import type { Router } from './router.ts';

export interface FallbackDeps {
  readonly router: Pick<Router, 'leaves' | 'next'>;
  readonly clock: Clock;
}

/**
 * Tries the routes of a call in turn until one answers. A call goes on where another route may answer
 * what this one did not, while nothing of an answer was delivered or its recovery is not `fail`; see
 * Router. Without an alternative it does nothing at all.
 *
 * Where no route is left the most useful of their failures is thrown; a failure after which no other
 * route is tried is thrown as it is.
 */
export function fallback(deps: FallbackDeps): Stage {
  return (next) => (call, emit) =>
    call.alternatives.length === 0 ? next(call, emit) : overRoutes(next, call, emit, deps);
}

async function overRoutes(
  next: Handler,
  call: Call,
  emit: Emit,
  deps: FallbackDeps,
): Promise<Completed> {
  const journey = new Journey(call, deps);
  const pass: Emit = (event) => {
    journey.see(event);
    emit(event);
  };
  for (;;) {
    try {
      return await next(journey.call, pass);
    } catch (thrown) {
      const reset = await journey.goOn(ProviderError.from(thrown));
      if (reset !== undefined) emit(reset);
    }
  }
}

/** A call on its way from route to route. */
class Journey {
  readonly #deps: FallbackDeps;
  readonly #failures: ProviderError[] = [];
  #call: Call;
  /** The caller has output that was not taken back. */
  #delivered = false;

  constructor(call: Call, deps: FallbackDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /** Prepared for the route where it is. */
  get call(): Call {
    return this.#call;
  }

  see(event: AnswerEvent): void {
    if (isOutput(event)) this.#delivered = true;
    else if (event.type === 'attemptReset') this.#delivered = false;
  }

  /**
   * Moves the call on after a failure. Resolves with what takes back the output that was delivered,
   * if any was. Rejects with the error to tell where the call ends here.
   */
  async goOn(error: ProviderError): Promise<AttemptReset | undefined> {
    const { router, clock } = this.#deps;
    if (this.#isKept || !router.leaves(this.#call, error)) throw error;
    throwIfOver(this.#call, clock);
    const next = await router.next(this.#call, error);
    if (next === undefined) throw mostUseful(this.#failures, error);
    this.#failures.push(error);
    this.#call = next;
    if (!this.#delivered) return undefined;
    this.#delivered = false;
    return { type: 'attemptReset', attempt: next.record.attempts + 1, reason: error.reason };
  }

  /** Whether what was delivered cannot be taken back. */
  get #isKept(): boolean {
    return this.#delivered && recoveryOf(this.#call) === 'fail';
  }
}
