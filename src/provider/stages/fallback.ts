import type { Call, Handler, Stage } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import { type AttemptReset, isOutput, type ProviderEvent } from '../events.ts';
import { throwIfOver } from '../retry/throw-if-over.ts';
import { mostUseful } from '../route/most-useful.ts';
import type { Router } from '../route/router.ts';

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
  return (next) => (call) =>
    call.alternatives.length === 0 ? next(call) : overRoutes(next, call, deps);
}

async function* overRoutes(
  next: Handler,
  call: Call,
  deps: FallbackDeps,
): AsyncGenerator<ProviderEvent> {
  const journey = new Journey(call, deps);
  for (;;) {
    let reset: AttemptReset | undefined;
    try {
      for await (const event of next(journey.call)) {
        journey.see(event);
        yield event;
      }
      return;
    } catch (thrown) {
      reset = await journey.goOn(ProviderError.from(thrown));
    }
    if (reset !== undefined) yield reset;
  }
}

/** A call on its way from route to route. */
class Journey {
  readonly #deps: FallbackDeps;
  readonly #failures: ProviderError[] = [];
  #call: Call;
  /** Of an answer, what the caller has. */
  #delivered: 'nothing' | 'output' | 'all' = 'nothing';

  constructor(call: Call, deps: FallbackDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /** Prepared for the route where it is. */
  get call(): Call {
    return this.#call;
  }

  see(event: ProviderEvent): void {
    if (isOutput(event)) this.#delivered = 'output';
    else if (event.type === 'attemptReset') this.#delivered = 'nothing';
    else if (event.type === 'completed') this.#delivered = 'all';
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
    if (this.#delivered === 'nothing') return undefined;
    this.#delivered = 'nothing';
    return { type: 'attemptReset', attempt: next.record.attempts + 1, reason: error.reason };
  }

  /** Whether what was delivered cannot be taken back. */
  get #isKept(): boolean {
    if (this.#delivered === 'output') return this.#call.recovery === 'fail';
    return this.#delivered === 'all';
  }
}
