import { hash } from 'node:crypto';
import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import type { Completed } from '../../core/events.ts';
import { interrupted } from '../../core/interrupted.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { linkSpan } from '../../telemetry/span-links.ts';
import { canonical } from '../cache/canonical.ts';
import { cacheKey } from '../cache/key.ts';
import { toDollars } from '../pricing/money.ts';
import { LeftBehind } from './left-behind.ts';
import { SharedRuns } from './shared-runs.ts';

export interface CoalesceDeps {
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'cacheShared' | 'cacheSaved'>;
}

/** How often a call joins or begins a shared one before it is made for its caller alone. */
const MAX_ROUNDS = 100;

/**
 * Identical calls that run at the same time share one: the first makes it, and whoever comes while it
 * runs gets its beginning and follows. For calls that use the response cache, unless they say otherwise,
 * and for those that say so.
 */
export function coalesce(deps: CoalesceDeps): Stage {
  const runs = new SharedRuns(deps.clock);
  return (next) => (call, emit) =>
    (call.asked.cache?.coalesce ?? call.answerKey !== undefined)
      ? together(next, call, emit, runs, deps)
      : next(call, emit);
}

async function together(
  next: Handler,
  call: Call,
  emit: Emit,
  runs: SharedRuns,
  deps: CoalesceDeps,
): Promise<Completed> {
  const name = nameOf(call);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const running = runs.find(name);
    if (running !== undefined) linkSpan(call.context, running.context);
    const run = running ?? runs.start(name, next, call);
    try {
      return counted(await run.follow(call, emit), deps);
    } catch (thrown) {
      if (!(thrown instanceof LeftBehind)) throw thrown;
      takeBack(thrown, call, emit);
    }
  }
  return next(call, emit);
}

/** Calls run at the upstreams of one configuration, whose names say which they are. */
const noEndpoint = (): string => '';

/** Calls that must get the same answer, in the same way and in the same time. */
function nameOf(call: Call): string {
  const { asked, request, keeps, background, firstTokenTimeoutMs, idleTimeoutMs } = call;
  const key = call.answerKey ?? cacheKey(call, { share: 'project', endpointOf: noEndpoint });
  const { fallbackModels } = asked;
  const manner = {
    serviceTier: request.serviceTier,
    fallbackModels,
    keeps,
    background,
    firstTokenTimeoutMs,
    idleTimeoutMs,
  };
  return hash('sha256', `${key} ${canonical(manner)}`, 'base64url');
}

function takeBack({ hasOutput, reason }: LeftBehind, call: Call, emit: Emit): void {
  if (!hasOutput) return;
  if (call.recovery === 'fail') throw interrupted(reason);
  emit({ type: 'attemptReset', attempt: call.record.attempts + 1, reason: reason.reason });
}

function counted(completed: Completed, { instruments }: CoalesceDeps): Completed {
  if (!completed.shared) return completed;
  instruments.cacheShared.add(1);
  if (completed.saved) instruments.cacheSaved.add(toDollars(completed.saved.picoDollars));
  return completed;
}
