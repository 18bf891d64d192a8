import type { Annotation, Completed, HostedToolEvent } from '../gen/tamma/provider/v1/event.ts';
import type { SendMessageResponse } from '../gen/tamma/provider/v1/provider.ts';

/** A whole answer. */
export interface Answer {
  /** Without what stands in `commentary`. */
  readonly text: string;
  /** What the model said on the way, as far as it tells that from its answer. */
  readonly commentary: string;
  readonly reasoning: string;
  /** The model refused: what it said instead of an answer. */
  readonly refusal: string;
  /** Where pieces of the text come from. */
  readonly annotations: readonly Annotation[];
  /** What tools did that the upstream ran itself, each as it ended. */
  readonly hostedTools: readonly HostedToolEvent[];
  /** Finish reason, tool calls, usage, cost. */
  readonly completed: Completed;
}

/**
 * Reads a stream to its end. What was delivered before an `attempt_reset` is void and left out.
 *
 * @throws what the stream throws, see `errorDetails`
 */
export async function collect(stream: AsyncIterable<SendMessageResponse>): Promise<Answer> {
  let said = nothing();
  let completed: Completed | undefined;
  for await (const { event } of stream) {
    switch (event?.$case) {
      case 'textDelta':
        said[event.value.phase === 'commentary' ? 'commentary' : 'text'] += event.value.text;
        break;
      case 'reasoningDelta':
        said.reasoning += event.value.text;
        break;
      case 'refusalDelta':
        said.refusal += event.value.text;
        break;
      case 'annotation':
        said.annotations.push(event.value);
        break;
      case 'hostedTool':
        said.hostedTools.set(event.value.id, event.value);
        break;
      case 'attemptReset':
        said = nothing();
        break;
      case 'completed':
        completed = event.value;
        break;
    }
  }
  // The contract rules it out: a call that ends OK has sent it.
  if (completed === undefined) throw new Error('The stream ended well without `completed`.');
  return { ...said, hostedTools: [...said.hostedTools.values()], completed };
}

function nothing() {
  return {
    ...{ text: '', commentary: '', reasoning: '', refusal: '' },
    annotations: [] as Annotation[],
    hostedTools: new Map<string, HostedToolEvent>(),
  };
}
