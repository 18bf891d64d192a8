import type { Stage } from '../call.ts';
import { ProviderError } from '../errors.ts';
import { isOutput, type ProviderEvent } from '../events.ts';

/**
 * What the caller sees of an answer that broke off, once the attempts below are used up or none was
 * allowed. If it has output that was not taken back: STREAM_INTERRUPTED, so that nobody replays a
 * generation that was billed. With `restart` it is told when an attempt is void; with `hold_back`
 * nothing reaches it before the answer is complete, so it sees neither resets nor a break.
 */
export function recovery(): Stage {
  return (next) => (call) =>
    call.recovery === 'hold_back' ? heldBack(next(call)) : interruptible(next(call));
}

async function* interruptible(events: AsyncIterable<ProviderEvent>): AsyncGenerator<ProviderEvent> {
  let delivered = false;
  try {
    for await (const event of events) {
      if (event.type === 'attemptReset') delivered = false;
      else if (isOutput(event)) delivered = true;
      yield event;
    }
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    throw delivered && error.kind.upstreamFault ? interrupted(error) : error;
  }
}

async function* heldBack(events: AsyncIterable<ProviderEvent>): AsyncGenerator<ProviderEvent> {
  const held: ProviderEvent[] = [];
  for await (const event of events) {
    if (event.type === 'attemptReset') held.length = 0;
    else held.push(event);
  }
  yield* held;
}

function interrupted(error: ProviderError): ProviderError {
  // Its own message and its wait belong to the reason it no longer has.
  const { message: _message, retryAfterMs: _retryAfterMs, ...facts } = error.facts;
  return new ProviderError('STREAM_INTERRUPTED', { ...facts, cause: error });
}
