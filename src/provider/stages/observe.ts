import { ATTRIBUTE, OUTCOME_COMPLETED } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';
import type { Call, Stage } from '../call.ts';
import type { Clock } from '../clock.ts';
import type { ErrorReason } from '../error-kinds.ts';
import { ProviderError } from '../errors.ts';
import { type Completed, isOutput, type ProviderEvent } from '../events.ts';
import { endReason } from '../signal.ts';

export interface ObserveDeps {
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
}

/**
 * Outermost: sees every call whole, refused ones too. Writes times and finish reason to the record,
 * measures the call, and holds the pipeline to its promise whoever consumes it: the answer ends
 * normally if and only if its last event is the only `completed`, and what is thrown is a
 * ProviderError.
 */
export function observe(deps: ObserveDeps): Stage {
  return (next) =>
    async function* observed(call): AsyncGenerator<ProviderEvent> {
      const observation = new CallObservation(deps, call);
      let completed: Completed;
      try {
        for await (const event of next(call)) {
          if (observation.passes(event)) yield event;
        }
        completed = observation.complete();
      } catch (thrown) {
        throw observation.fail(thrown);
      } finally {
        observation.end();
      }
      yield completed;
    };
}

class CallObservation {
  readonly #deps: ObserveDeps;
  readonly #call: Call;
  /** What it stays if the consumer leaves early. */
  #outcome: ErrorReason | typeof OUTCOME_COMPLETED = 'CANCELLED';
  #completed: Completed | undefined;

  constructor(deps: ObserveDeps, call: Call) {
    this.#deps = deps;
    this.#call = call;
    deps.instruments.activeCalls.add(1);
  }

  /** False for `completed`, which is kept back until nothing below can fail any more. */
  passes(event: ProviderEvent): boolean {
    if (this.#completed !== undefined) throw broken('an event after `completed`');
    if (event.type === 'completed') {
      this.#completed = event;
      return false;
    }
    const { record } = this.#call;
    if (record.firstOutputAt === undefined && isOutput(event)) {
      record.firstOutputAt = this.#deps.clock.now();
    }
    return true;
  }

  /** The `completed` of the call, from that of its last attempt. */
  complete(): Completed {
    const { record, signal } = this.#call;
    if (this.#completed === undefined) {
      // The body of an aborted request may just end.
      if (signal.aborted) throw endReason(signal);
      throw broken('an end without `completed`');
    }
    this.#outcome = OUTCOME_COMPLETED;
    record.finishReason = this.#completed.finishReason;
    const { startedAt, firstOutputAt } = record;
    return {
      ...this.#completed,
      attempts: record.attempts,
      failedAttempts: record.failedAttempts,
      timings: {
        queueMs: record.queuedMs,
        ...(firstOutputAt === undefined ? {} : { timeToFirstTokenMs: firstOutputAt - startedAt }),
        totalMs: this.#deps.clock.now() - startedAt,
      },
    };
  }

  fail(thrown: unknown): ProviderError {
    const error = ProviderError.from(thrown);
    this.#outcome = error.reason;
    return error;
  }

  end(): void {
    const { clock, instruments, labels } = this.#deps;
    const { record } = this.#call;
    instruments.activeCalls.add(-1);
    instruments.callDuration.record((clock.now() - record.startedAt) / 1000, {
      [ATTRIBUTE.outcome]: this.#outcome,
      [ATTRIBUTE.genAiRequestModel]: labels.label(record.model),
    });
  }
}

function broken(what: string): ProviderError {
  return new ProviderError('INTERNAL', { cause: new Error(`The pipeline produced ${what}.`) });
}
