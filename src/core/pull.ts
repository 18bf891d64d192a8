import type { Emit } from './call.ts';
import { ProviderError } from './errors.ts';
import { EventQueue } from './event-queue.ts';
import type { Completed, ProviderEvent } from './events.ts';
import { Flow } from './flow.ts';
import { type LinkedSignal, linkSignal } from './signal.ts';

/** A call that is not made yet. */
export type PendingCall = (emit: Emit, flow: Flow, signal: AbortSignal) => Promise<Completed>;

/**
 * The events of a call for a consumer in process, who pulls them. The call is made with the first
 * `next()`; leaving the loop ends it at once, also while a `next()` is pending.
 */
export function pull(
  makeCall: PendingCall,
  parent: AbortSignal,
): AsyncIterableIterator<ProviderEvent> {
  const flow = new Flow();
  let ending: LinkedSignal | undefined;
  const queue = new EventQueue({
    start: () => {
      ending = linkSignal(parent);
      void run(ending);
    },
    pause: () => flow.hold(),
    resume: () => flow.release(),
    cancel: () => ending?.controller.abort(new ProviderError('CANCELLED')),
  });

  async function run({ controller: { signal }, unlink }: LinkedSignal): Promise<void> {
    // What is queued is of no use any more; the end is told when the call has wound up.
    signal.addEventListener('abort', () => queue.discard(), { once: true });
    try {
      const completed = await makeCall((event) => queue.push(event), flow, signal);
      signal.throwIfAborted();
      queue.push(completed);
      queue.end();
    } catch (thrown) {
      queue.fail(thrown);
    } finally {
      unlink();
    }
  }

  return queue;
}
