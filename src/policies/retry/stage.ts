import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed, Started } from '../../core/events.ts';
import { deadlineOf, recoveryOf } from '../../core/party.ts';
import { pause } from '../../core/pause.ts';
import { throwIfOver } from '../../core/throw-if-over.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { RetryBudget } from './budget.ts';
import { type DecideDeps, decideRetry } from './decide.ts';
import { withCredibleWait } from './delay.ts';
import type { RetryOptions } from './options.ts';

export interface RetryDeps extends DecideDeps {
  readonly clock: Clock;
  /** Shared by all calls. */
  readonly budget: RetryBudget;
  readonly instruments: Pick<Instruments, 'retries'>;
  /** Whether another attempt of a call that failed so adds nothing to the trouble of the upstream. */
  readonly isPaced: (call: Call, error: ProviderError) => boolean;
}

/**
 * Asks the same target again after a failure that may pass. `started` is withheld until output
 * follows it, so a caller sees nothing of an attempt that fails before; where output was passed up
 * and the call's recovery allows another attempt, `attemptReset` takes it back.
 */
export function retry(options: RetryOptions, deps: RetryDeps): Stage {
  return (next) => (call, emit) => retried(next, call, emit, options, deps);
}

async function retried(
  next: Handler,
  call: Call,
  emit: Emit,
  options: RetryOptions,
  deps: RetryDeps,
): Promise<Completed> {
  const { record } = call;
  const attemptsBefore = record.attempts;
  // One share for each call, at its first target.
  if (attemptsBefore === 0) deps.budget.deposit();
  let wasFree = false;
  for (let pass = 1; ; pass += 1) {
    throwIfOver(call, deps.clock);
    const before = record.attempts;
    let withheld: Started | undefined;
    let hasOutput = false;
    let error: ProviderError;
    const tellStart = (): void => {
      if (withheld === undefined) return;
      emit(withheld);
      withheld = undefined;
    };
    const forward: Emit = (event) => {
      if (event.type === 'started') {
        withheld = event;
        return;
      }
      tellStart();
      hasOutput = true;
      emit(event);
    };
    try {
      const completed = await next(call, forward);
      tellStart();
      return completed;
    } catch (thrown) {
      error = ProviderError.from(thrown);
    }
    // Not what it waited for its turn.
    const tookMs = record.attempts > before ? (record.failedAttempts.at(-1)?.durationMs ?? 0) : 0;
    // A pass may consist of attempts with several keys, or of none if a stage below refused it.
    const attempts = Math.max(pass, record.attempts - attemptsBefore);
    const free: boolean = error.facts.staleConnection === true && !wasFree;
    await beforeAnother(call, { error, attempts, free, hasOutput, tookMs }, options, deps);
    wasFree ||= free;
    if (hasOutput) {
      emit({ type: 'attemptReset', attempt: record.attempts + 1, reason: error.reason });
    }
  }
}

/** Waits for the time of another attempt, or throws the error with which the target is left. */
async function beforeAnother(
  call: Call,
  failed: {
    readonly error: ProviderError;
    readonly attempts: number;
    readonly free: boolean;
    readonly hasOutput: boolean;
    readonly tookMs: number;
  },
  options: RetryOptions,
  deps: RetryDeps,
): Promise<void> {
  const decision = decideRetry(
    {
      error: failed.error,
      attempts: failed.attempts,
      free: failed.free,
      // Output that was passed up may not be taken back.
      final: call.signal.aborted || (failed.hasOutput && recoveryOf(call) === 'fail'),
      remainingMs: deadlineOf(call) - deps.clock.now(),
      hasAlternatives: call.alternatives.length > 0,
      tookMs: failed.tookMs,
    },
    options,
    deps,
  );
  if (!decision.retry) throw decision.error;
  const isFree = failed.free || deps.isPaced(call, failed.error);
  if (!isFree && !deps.budget.withdraw()) throw withCredibleWait(failed.error);
  const since = deps.clock.now();
  try {
    await pause(decision.waitMs, call.signal, deps.clock);
  } finally {
    call.record.backoffMs += deps.clock.now() - since;
  }
  deps.instruments.retries.add(1, {
    [ATTRIBUTE.target]: call.upstream,
    [ATTRIBUTE.reason]: failed.error.reason,
  });
}
