import { answer } from '../../../src/simulator/answers/answer.ts';
import type { Behaviour } from '../../../src/simulator/answers/server-exchange.ts';

/** Chooses by the `model` the request names. */
export function byModel(
  behaviours: Readonly<Record<string, Behaviour>>,
  otherwise: Behaviour = answer(),
): Behaviour {
  const known = new Map(Object.entries(behaviours));
  return (exchange) => (known.get(exchange.request.body.model ?? '') ?? otherwise)(exchange);
}
