import type { Call, Emit, Handler, Stage } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { EventBuffer } from '../../core/event-buffer.ts';
import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import { interrupted } from '../../core/interrupted.ts';

/**
 * What the caller sees of an answer that broke off, once the attempts below are used up or none was
 * allowed. If it has output that was not taken back: STREAM_INTERRUPTED, so that nobody replays a
 * generation that was billed. With `restart` it is told when an attempt is void; with `hold_back`
 * nothing reaches it before the answer is complete, so it sees neither resets nor a break.
 */
export function recovery(): Stage {
  return (next) => (call, emit) =>
    (call.recovery === 'hold_back' ? heldBack : interruptible)(next, call, emit);
}

async function interruptible(next: Handler, call: Call, emit: Emit): Promise<Completed> {
  let delivered = false;
  const pass: Emit = (event) => {
    if (event.type === 'attemptReset') delivered = false;
    else if (isOutput(event)) delivered = true;
    emit(event);
  };
  try {
    return await next(call, pass);
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    throw delivered && error.kind.upstreamFault ? interrupted(error) : error;
  }
}

async function heldBack(next: Handler, call: Call, emit: Emit): Promise<Completed> {
  const held = new EventBuffer<AnswerEvent>();
  const completed = await next(call, (event) => {
    if (event.type === 'attemptReset') held.clear();
    else held.push(event);
  });
  for (let event = held.shift(); event !== undefined; event = held.shift()) {
    if (call.flow.held) await call.flow.released(call.signal);
    emit(event);
  }
  return completed;
}
