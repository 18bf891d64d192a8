import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import { noteWait } from '../../core/note-wait.ts';
import { deadlineOf } from '../../core/party.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { troubleOf } from './upstream-trouble.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface LastResortDeps {
  readonly room: WaitingRoom;
  readonly clock: Clock;
  readonly instruments: Pick<Instruments, 'queueDuration'>;
  /** Longest wait for open circuits, in ms; 0: none. */
  readonly maxWaitMs: number;
}

/** A route that takes no more says nothing of the one whose circuit is open. */
const MAY_PASS: ReadonlySet<string> = new Set<ErrorReason>(['CIRCUIT_OPEN', 'RATE_LIMIT_EXCEEDED']);

/**
 * Does not refuse what could still be served: a call that no route answers, one of them because its
 * circuit is open or has opened with it, waits for the next probe and is tried again, over all of its routes. Within
 * `circuitBreaker.maxWait` and half of the time that it has left; not once its caller has output.
 */
export function lastResort(deps: LastResortDeps): Stage {
  return (next) => (deps.maxWaitMs === 0 ? next : (call, emit) => patient(next, call, emit, deps));
}

async function patient(
  next: Handler,
  call: Call,
  emit: Emit,
  { room, clock, instruments, maxWaitMs }: LastResortDeps,
): Promise<Completed> {
  let until: number | undefined;
  for (;;) {
    try {
      return await next(call, emit);
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      const { record } = call;
      const mayPass = MAY_PASS.has(error.reason) || troubleOf(error, call) === 'down';
      if (!mayPass || !room.hasRefused(record) || record.firstOutputAt !== undefined) throw error;
      const since = clock.now();
      until ??= Math.min(since + maxWaitMs, since + (deadlineOf(call) - since) / 2);
      const hasChance = await room.wait(record, until, call.signal);
      noteWait(call, { waitedFor: 'circuit', since, waitedMs: clock.now() - since }, instruments);
      if (!hasChance) throw error;
    }
  }
}
