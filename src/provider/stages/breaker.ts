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
    if (troubleOf(error, call) === 'down') await circuit.failed(pass, error);
    throw error;
  } finally {
    circuit.ended(pass);
  }
}
