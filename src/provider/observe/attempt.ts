import { trace } from '@opentelemetry/api';
import type { Call, Emit, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { AttemptMetrics } from './attempt-metrics.ts';
import { type AttemptDeps, AttemptObservation } from './attempt-observation.ts';

/**
 * One attempt at the upstream: numbers it, gives it a client span whose context it hands on,
 * measures it, and notes in the record what became of it. Runs once per attempt, inside of retry.
 * It is the gate of its attempt, too: nothing of one that is over reaches the caller.
 */
export function attempt(deps: AttemptDeps): Stage {
  const metrics = new AttemptMetrics(deps.instruments, deps.labels, deps.server);
  return (next) =>
    async function attempted(call, emit) {
      const { record } = call;
      record.attempts += 1;
      record.numbers.last += 1;
      record.target = call.upstream;
      record.upstreamRequestId = '';
      record.upstreamStatus = 0;
      const number = record.numbers.last;
      const observation = new AttemptObservation(deps, metrics, call, number);
      const context = trace.setSpan(call.context, observation.span);
      const onUnknown: NonNullable<Call['onUnknown']> = (kind, name) =>
        deps.unknown?.note(call.upstream, kind, name);
      call.onAttempt?.();
      let over = false;
      const pass: Emit = (event) => {
        if (over) return;
        observation.see(event);
        emit(event);
      };
      try {
        const completed = await next({ ...call, attempt: number, context, onUnknown }, pass);
        observation.complete(completed);
        return completed;
      } catch (thrown) {
        const error = ProviderError.from(thrown);
        observation.fail(error);
        throw error;
      } finally {
        over = true;
        observation.end();
      }
    };
}
