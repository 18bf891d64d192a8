import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import type { TimeoutPhase } from '../../core/errors.ts';
import { ownOf } from '../../core/name-pattern.ts';
import { deadlineOf, recoveryOf } from '../../core/party.ts';
import { effectiveEffort } from '../../request/fit/accepts.ts';
import type { TimeoutOptions } from './options.ts';

/** How long each phase of an attempt may take, in ms. */
export type PhaseLimits = Readonly<Record<TimeoutPhase, number>>;

/** Time to think: the headers come at once, the first output when the model is done with it. */
const THINKING_MS = 10 * 60_000;
/** With somewhere else to go, waiting longer costs more than asking there. */
const WITH_ALTERNATIVES_MS = 10_000;
/** Below it even a good upstream is slow at times. */
const LEAST_WITH_ALTERNATIVES_MS = 1_000;
const HEADERS_MS = 30_000;
const FIRST_TOKEN_MS = 60_000;
const IDLE_MS = 30_000;

/**
 * Finds the limits of a call's next attempt: the caller's, else the model's, else everybody's. Where
 * there is somewhere else to go, `auto` leaves a silent upstream in time: after the share of the
 * remaining deadline that this route has beside the others, and after 10 s at most.
 */
export function limitsOf(options: TimeoutOptions, clock: Clock): (call: Call) => PhaseLimits {
  const find = ownOf(options.models);
  return (call) => {
    const own = find(call);
    const headersMs = own?.headersMs ?? options.headersMs;
    const firstTokenMs = call.firstTokenTimeoutMs ?? own?.firstTokenMs ?? options.firstTokenMs;
    const idleMs = call.idleTimeoutMs ?? own?.idleMs ?? options.idleMs;
    const leaveAfterMs = call.alternatives.length > 0 ? shareOf(call, clock) : undefined;
    const idle = inNumbers(idleMs, automaticIdleMs(call, leaveAfterMs));
    return {
      connect: own?.connectMs ?? options.connectMs,
      headers: inNumbers(headersMs, leaveAfterMs ?? HEADERS_MS),
      first_token: resumesOutput(call)
        ? idle
        : inNumbers(firstTokenMs, automaticFirstTokenMs(call, leaveAfterMs)),
      idle,
    };
  };
}

function inNumbers(configured: number | 'auto', automatic: number): number {
  return configured === 'auto' ? automatic : configured;
}

/** Its first output was on another connection. */
function resumesOutput({ resumes }: Call): boolean {
  return resumes?.hasOutput === true;
}

/** Whether the model may be silent for long before and between its words. */
function thinks({ request, target: { model } }: Call): boolean {
  return model.reasoning.isReasoning && effectiveEffort(request, model) !== 'none';
}

function automaticFirstTokenMs(call: Call, leaveAfterMs: number | undefined): number {
  // An answer that is not streamed has its first output when it is complete.
  if (thinks(call) || !call.target.model.supports.streaming) return THINKING_MS;
  return leaveAfterMs ?? FIRST_TOKEN_MS;
}

/** Who keeps what he has cannot go elsewhere in the middle of an answer. */
function automaticIdleMs(call: Call, leaveAfterMs: number | undefined): number {
  if (recoveryOf(call) === 'fail' || thinks(call)) return IDLE_MS;
  return leaveAfterMs ?? IDLE_MS;
}

function shareOf(call: Call, clock: Clock): number {
  const share = (deadlineOf(call) - clock.now()) / (call.alternatives.length + 1);
  return Math.max(Math.min(share, WITH_ALTERNATIVES_MS), LEAST_WITH_ALTERNATIVES_MS);
}
