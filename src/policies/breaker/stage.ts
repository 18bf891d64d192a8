import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { type Completed, isOutput } from '../../core/events.ts';
import type { CircuitBreakers } from './breakers.ts';
import type { Circuit, Pass } from './circuit.ts';
import { isSilent, troubleOf } from './upstream-trouble.ts';

/**
 * Refuses attempts at a target that failed too often just now, with CIRCUIT_OPEN and the time to
 * wait. The first output of an attempt is its success; a break behind it counts as a failure of its own. What the request, the
 * caller, the key or the rate limit is to blame for counts neither for nor against the target.
 */
export function breaker(breakers: CircuitBreakers): Stage {
  const { enabled } = breakers;
  return (next) => (enabled ? (call, emit) => guarded(next, call, emit, breakers) : next);
}

async function guarded(
  next: Handler,
  call: Call,
  emit: Emit,
  breakers: CircuitBreakers,
): Promise<Completed> {
  const circuit = breakers.circuit(call.target.model.id);
  const pass = admitted(circuit, call, breakers);
  const watching: Emit = (event) => {
    if (!pass.hasDelivered && isOutput(event)) circuit.delivers(pass);
    emit(event);
  };
  try {
    const completed = await next(call, watching);
    circuit.succeeded(pass);
    return completed;
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const tookMs = breakers.now() - pass.at;
    if (troubleOf(error, call) !== 'down' && !isSilent(error, call, tookMs)) throw error;
    circuit.failed(pass);
    // A wait that the upstream asked for may outlast the open circuit.
    if (!circuit.refuses(goesElsewhere(call)) || error.facts.retryAfterMs !== undefined)
      throw error;
    breakers.room.refused(call.record, circuit);
    throw notToRepeat(error);
  } finally {
    circuit.ended(pass);
  }
}

function admitted(circuit: Circuit, call: Call, breakers: CircuitBreakers): Pass {
  try {
    return circuit.admit(goesElsewhere(call));
  } catch (refusal) {
    breakers.room.refused(call.record, circuit);
    throw refusal;
  }
}

const goesElsewhere = ({ alternatives }: Call): boolean => alternatives.length > 0;

/** Another attempt would only find the circuit open: what failed says more. */
function notToRepeat({ reason, facts }: ProviderError): ProviderError {
  return new ProviderError(reason, { ...facts, shouldRetry: false });
}
