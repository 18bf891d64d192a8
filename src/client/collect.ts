import type { Completed } from '../gen/tamma/provider/v1/event.ts';
import type { SendMessageResponse } from '../gen/tamma/provider/v1/provider.ts';

/** A whole answer. */
export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  /** The model refused: what it said instead of an answer. */
  readonly refusal: string;
  /** Finish reason, tool calls, usage, cost. */
  readonly completed: Completed;
}

/**
 * Reads a stream to its end. What was delivered before an `attempt_reset` is void and left out.
 *
 * @throws what the stream throws, see `errorDetails`
 */
export async function collect(stream: AsyncIterable<SendMessageResponse>): Promise<Answer> {
  let [text, reasoning, refusal] = ['', '', ''];
  let completed: Completed | undefined;
  for await (const { event } of stream) {
    switch (event?.$case) {
      case 'textDelta':
        text += event.value.text;
        break;
      case 'reasoningDelta':
        reasoning += event.value.text;
        break;
      case 'refusalDelta':
        refusal += event.value.text;
        break;
      case 'attemptReset':
        [text, reasoning, refusal] = ['', '', ''];
        break;
      case 'completed':
        completed = event.value;
        break;
    }
  }
  // The contract rules it out: a call that ends OK has sent it.
  if (completed === undefined) throw new Error('The stream ended well without `completed`.');
  return { text, reasoning, refusal, completed };
}
