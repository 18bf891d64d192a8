import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Call, Handler, Stage } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderEvent, Started } from '../events.ts';
import { pause } from '../pause.ts';
import type { RetryBudget } from '../retry/budget.ts';
import { type DecideDeps, decideRetry } from '../retry/decide.ts';
import { isFree } from '../retry/delay.ts';
import type { RetryOptions } from '../retry/options.ts';
import { throwIfOver } from '../retry/throw-if-over.ts';

export interface RetryDeps extends DecideDeps {
  readonly clock: Clock;
  /** Shared by all calls. */
  readonly budget: RetryBudget;
  readonly instruments: Pick<Instruments, 'retries'>;
}

/** What of an attempt was passed up. */
type Passed = 'nothing' | 'output' | 'completed';

/**
 * Asks the same target again after a failure that may pass. `started` is withheld until output
 * follows it, so a caller sees nothing of an attempt that fails before; where output was passed up
 * and the call's recovery allows another attempt, `attemptReset` takes it back.
 */
export function retry(options: RetryOptions, deps: RetryDeps): Stage {
  return (next) => (call) => retried(next, call, options, deps);
}

async function* retried(
  next: Handler,
  call: Call,
  options: RetryOptions,
  deps: RetryDeps,
): AsyncGenerator<ProviderEvent> {
  const { record } = call;
  const attemptsBefore = record.attempts;
  // One share for each call, at its first target.
  if (attemptsBefore === 0) deps.budget.deposit();
  for (let pass = 1; ; pass += 1) {
    throwIfOver(call, deps.clock);
    let withheld: Started | undefined;
    let passed: Passed = 'nothing';
    let error: ProviderError;
    try {
      for await (const event of next(call)) {
        if (event.type === 'started') {
          withheld = event;
          continue;
        }
        if (withheld !== undefined) {
          yield withheld;
          withheld = undefined;
        }
        passed = passedWith(event);
        yield event;
      }
      return;
    } catch (thrown) {
      error = ProviderError.from(thrown);
    }
    // A pass may consist of attempts with several keys, or of none if a stage below refused it.
    const attempts = Math.max(pass, record.attempts - attemptsBefore);
    await beforeAnother(call, { error, attempts, passed }, options, deps);
    if (passed === 'output') {
      yield { type: 'attemptReset', attempt: record.attempts + 1, reason: error.reason };
    }
  }
}

function passedWith(event: ProviderEvent): Passed {
  return event.type === 'completed' ? 'completed' : 'output';
}

/** Waits for the time of another attempt, or throws the error with which the target is left. */
async function beforeAnother(
  call: Call,
  failed: { readonly error: ProviderError; readonly attempts: number; readonly passed: Passed },
  options: RetryOptions,
  deps: RetryDeps,
): Promise<void> {
  const decision = decideRetry(
    {
      error: failed.error,
      attempts: failed.attempts,
      final: call.signal.aborted || isKept(call, failed.passed),
      remainingMs: call.deadline - deps.clock.now(),
      hasAlternatives: call.alternatives.length > 0,
    },
    options,
    deps,
  );
  if (!decision.retry) throw decision.error;
  if (!isFree(failed.error.facts, failed.attempts) && !deps.budget.withdraw()) throw failed.error;
  await pause(decision.waitMs, call.signal, deps.clock);
  deps.instruments.retries.add(1, {
    [ATTRIBUTE.target]: call.upstream,
    [ATTRIBUTE.reason]: failed.error.reason,
  });
}

/** Whether what was passed up cannot be taken back. */
function isKept(call: Call, passed: Passed): boolean {
  return passed === 'completed' || (passed === 'output' && call.recovery === 'fail');
}
