import { type Attributes, trace } from '@opentelemetry/api';
import type { Call, Emit, Stage } from '../../core/call.ts';
import type { AttemptSummary, CallRecord } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import { ATTRIBUTE, EVENT_RESET, OUTCOME_COMPLETED } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { Kept } from '../../telemetry/kept.ts';
import type { ModelLabels } from '../../telemetry/model-label.ts';

export interface ObserveDeps {
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
}

/**
 * Outermost: sees every call whole, refused ones too. Writes times and finish reason to the record,
 * measures the call, and sees to it that whatever is thrown is a ProviderError.
 */
export function observe(deps: ObserveDeps): Stage {
  const kept: DurationSets = new Kept();
  return (next) =>
    async function observed(call, emit) {
      const observation = new CallObservation(deps, kept, call);
      const pass: Emit = (event) => {
        observation.see(event);
        emit(event);
      };
      try {
        return observation.complete(await next(call, pass));
      } catch (thrown) {
        throw observation.fail(thrown);
      } finally {
        observation.end();
      }
    };
}

/** What durations are recorded with, by outcome and model. */
type DurationSets = Kept<Kept<Attributes>>;

class CallObservation {
  readonly #deps: ObserveDeps;
  readonly #kept: DurationSets;
  readonly #call: Call;
  #outcome: ErrorReason | typeof OUTCOME_COMPLETED = 'INTERNAL';

  constructor(deps: ObserveDeps, kept: DurationSets, call: Call) {
    this.#deps = deps;
    this.#kept = kept;
    this.#call = call;
    deps.instruments.activeCalls.add(1);
  }

  see(event: AnswerEvent): void {
    const { record } = this.#call;
    if (event.type === 'attemptReset') {
      const told = { [ATTRIBUTE.attempt]: event.attempt, [ATTRIBUTE.reason]: event.reason };
      trace.getSpan(this.#call.context)?.addEvent(EVENT_RESET, told);
    } else if (record.firstOutputAt === undefined && isOutput(event)) {
      record.firstOutputAt = this.#deps.clock.now();
    }
  }

  /** The end of the call, from that of its last attempt. */
  complete(completed: Completed): Completed {
    const { record } = this.#call;
    this.#outcome = OUTCOME_COMPLETED;
    record.finishReason = completed.finishReason;
    const { startedAt, firstOutputAt } = record;
    return {
      ...completed,
      attempts: record.attempts,
      failedAttempts: record.failedAttempts,
      timings: {
        queueMs: record.queuedMs,
        backoffMs: record.backoffMs,
        timeToFirstTokenMs: firstOutputAt === undefined ? undefined : firstOutputAt - startedAt,
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
    const outcome = this.#outcome;
    const model = labels.label(record.model);
    const ofOutcome = this.#kept.get(outcome, () => new Kept());
    const attributes = ofOutcome.get(model, () =>
      Object.freeze({ [ATTRIBUTE.outcome]: outcome, [ATTRIBUTE.genAiRequestModel]: model }),
    );
    const now = clock.now();
    instruments.callDuration.record((now - record.startedAt) / 1000, attributes);
    recordOverhead(instruments, record, now);
  }
}

const BEFORE = Object.freeze({ [ATTRIBUTE.stageGroup]: 'before' });
const BETWEEN = Object.freeze({ [ATTRIBUTE.stageGroup]: 'between' });
const AFTER = Object.freeze({ [ATTRIBUTE.stageGroup]: 'after' });

/** What the call took in this process: its time without its attempts and without what it waited for. */
function recordOverhead({ overhead }: Instruments, record: CallRecord, now: number): void {
  const { startedAt } = record;
  const { attemptLog } = record;
  // Nearly every call has one.
  const attempts = attemptLog.length > 1 ? attemptLog.toSorted(byStart) : attemptLog;
  const [first] = attempts;
  if (first === undefined) return;
  const add = (ms: number, attributes: Attributes) =>
    overhead.record(Math.max(0, ms) / 1000, attributes);
  add(first.startedAt - startedAt - first.queuedMs - first.backoffMs, BEFORE);
  let between = 0;
  let busyUntil = first.endedAt;
  for (let i = 1; i < attempts.length; i += 1) {
    const { startedAt: next, endedAt, queuedMs, backoffMs } = attempts[i] as AttemptSummary;
    // One that ran beside another has no gap before it.
    if (next > busyUntil) between += next - busyUntil - queuedMs - backoffMs;
    busyUntil = Math.max(busyUntil, endedAt);
  }
  add(now - busyUntil, AFTER);
  if (attempts.length > 1) add(between, BETWEEN);
}

function byStart(a: AttemptSummary, b: AttemptSummary): number {
  return a.startedAt - b.startedAt;
}
