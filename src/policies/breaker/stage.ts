import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { type Completed, isOutput } from '../../core/events.ts';
import type { CircuitBreakers } from './breakers.ts';
import { troubleOf } from './upstream-trouble.ts';

/**
 * Refuses attempts at a target that failed too often just now, with CIRCUIT_OPEN and the time to
 * wait. Breaks in the middle of an answer count like failures before it. What the request, the
 * caller, the key or the rate limit is to blame for counts neither for nor against the target.
 */
export function breaker(breakers: CircuitBreakers): Stage {
  return (next) => (breakers.enabled ? (call, emit) => guarded(next, call, emit, breakers) : next);
}

async function guarded(
  next: Handler,
  call: Call,
  emit: Emit,
  breakers: CircuitBreakers,
): Promise<Completed> {
  const circuit = breakers.circuit(call.target.model.id);
  const pass = circuit.admit();
  const probing: Emit = (event) => {
    if (isOutput(event)) circuit.delivers(pass);
    emit(event);
  };
  try {
    const completed = await next(call, pass.isProbe ? probing : emit);
    circuit.succeeded(pass);
    return completed;
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    if (troubleOf(error, call) !== 'down') throw error;
    circuit.failed(pass);
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
