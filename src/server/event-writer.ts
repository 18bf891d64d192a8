import type { SendMessageResponse } from '../gen/tamma/provider/v1/provider.ts';
import { ProviderError } from '../provider/errors.ts';
import type { ProviderEvent } from '../provider/events.ts';
import { toWireEvent } from './convert/event.ts';
import type { MessageStream } from './message-stream.ts';

/**
 * Forwards an answer, numbered from 1.
 *
 * While the caller is slow nothing is pulled, which holds the upstream back; when the call ends
 * early the iteration is left at once, which stops the upstream.
 *
 * Resolves if and only if exactly one `completed` was sent, as the last message. To keep that
 * promise `completed` is held until the source has ended without an error.
 */
export async function writeAnswer(
  events: AsyncIterable<ProviderEvent>,
  stream: MessageStream<SendMessageResponse>,
): Promise<void> {
  let completed: ProviderEvent | undefined;
  for await (const event of events) {
    if (completed !== undefined) throw broken(`${event.type} after completed`);
    if (event.type === 'completed') {
      completed = event;
    } else if (!stream.write(toWireEvent(event, stream.sent + 1))) {
      await stream.drained();
    }
  }
  if (completed === undefined) throw broken('end without completed');
  stream.write(toWireEvent(completed, stream.sent + 1));
}

function broken(what: string): ProviderError {
  return new ProviderError('INTERNAL', { cause: new Error(`The answer broke its rule: ${what}.`) });
}
