import type { CircuitBreakers } from '../breaker/breakers.ts';
import { troubleOf } from '../breaker/upstream-trouble.ts';
import type { Call, Handler, Stage } from '../call.ts';
import { ProviderError } from '../errors.ts';
import { isOutput, type ProviderEvent } from '../events.ts';

/**
 * Refuses attempts at a target that failed too often just now, with CIRCUIT_OPEN and the time to
 * wait. Breaks in the middle of an answer count like failures before it. What the request, the
 * caller, the key or the rate limit is to blame for counts neither for nor against the target.
 */
export function breaker(breakers: CircuitBreakers): Stage {
  return (next) => (breakers.enabled ? (call) => guarded(next, call, breakers) : next);
}

async function* guarded(
  next: Handler,
  call: Call,
  breakers: CircuitBreakers,
): AsyncGenerator<ProviderEvent> {
  const circuit = breakers.circuit(call.target.model.id);
  const pass = circuit.admit();
  try {
    for await (const event of next(call)) {
      if (pass.isProbe && isOutput(event)) await circuit.delivers(pass);
      yield event;
    }
    await circuit.succeeded(pass);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (troubleOf(error, call) !== 'down') throw error;
    await circuit.failed(pass, error);
    // A wait that the upstream asked for may outlast the open circuit.
    const isInVain = circuit.state === 'open' && error.facts.retryAfterMs === undefined;
    throw isInVain ? notToRepeat(error) : error;
  } finally {
    circuit.ended(pass);
  }
}

/** Another attempt would only find the circuit open: what failed says more. */
function notToRepeat({ reason, facts }: ProviderError): ProviderError {
  return new ProviderError(reason, { ...facts, shouldRetry: false });
}
