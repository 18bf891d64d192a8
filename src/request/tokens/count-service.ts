import type { MessagePort } from 'node:worker_threads';
import { countPrompts } from './count-texts.ts';
import { loadEncoding } from './encoding.ts';
import type { CountRequest, CountResponse, WorkerRequest } from './worker-messages.ts';

/**
 * Answers the count requests that come through `port`, taking turns between those that run at once.
 * What fails here is a bug: it ends the worker, and whoever waits learns of that.
 */
export function serveCounts(port: MessagePort): void {
  const running = new Map<number, AbortController>();

  async function answer({ id, tokenizer, prompts }: CountRequest): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const encoding = await loadEncoding(tokenizer);
    const counts = await countPrompts(encoding, prompts, controller.signal);
    running.delete(id);
    // What is remembered keeps whole texts alive: a substring holds on to its parent.
    encoding.forget();
    if (counts !== undefined) port.postMessage({ id, counts } satisfies CountResponse);
  }

  port.on('message', (request: WorkerRequest) => {
    if (request.type === 'count') void answer(request);
    else running.get(request.id)?.abort();
  });
}
