import { trace } from '@opentelemetry/api';
import type { Stage } from '../call.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderEvent } from '../events.ts';
import { type AttemptDeps, AttemptObservation } from './attempt-observation.ts';

/**
 * One attempt at the upstream: numbers it, gives it a client span whose context it hands on,
 * measures it, and notes in the record what became of it. Runs once per attempt, inside of retry.
 */
export function attempt(deps: AttemptDeps): Stage {
  return (next) =>
    async function* attempted(call): AsyncGenerator<ProviderEvent> {
      const { record } = call;
      record.attempts += 1;
      record.target = call.upstream;
      record.upstreamRequestId = '';
      record.upstreamStatus = 0;
      const number = record.attempts;
      const observation = new AttemptObservation(deps, call, number);
      const context = trace.setSpan(call.context, observation.span);
      try {
        for await (const event of next({ ...call, attempt: number, context })) {
          observation.see(event);
          yield event;
        }
      } catch (thrown) {
        const error = ProviderError.from(thrown);
        observation.fail(error);
        throw error;
      } finally {
        // Also when the consumer leaves early, so that no span stays open.
        observation.end();
      }
    };
}
