import { ProviderError } from './errors.ts';
import type { MessageResponse, ProviderEvent, Started } from './events.ts';

/** Folds the events of one call into the whole answer. */
export async function collect(
  events: AsyncIterable<ProviderEvent>,
  metadata: Readonly<Record<string, string>>,
): Promise<MessageResponse> {
  let started: Started | undefined;
  let content = '';
  let reasoning = '';
  let refusal = '';
  for await (const event of events) {
    switch (event.type) {
      case 'started':
        started = event;
        break;
      case 'attemptReset':
        content = reasoning = refusal = '';
        break;
      case 'textDelta':
        content += event.text;
        break;
      case 'reasoningDelta':
        reasoning += event.text;
        break;
      case 'refusalDelta':
        refusal += event.text;
        break;
      case 'completed': {
        if (started === undefined) throw incomplete('completed came before started');
        const { type: _type, ...end } = event;
        return { ...beginning(started), ...end, content, reasoning, refusal, metadata };
      }
    }
  }
  throw incomplete('the events ended without completed');
}

function beginning(started: Started) {
  const { responseId, upstreamRequestId, effectiveSettings, warnings, truncation } = started;
  return {
    id: responseId,
    upstreamRequestId,
    effectiveSettings,
    warnings,
    ...(truncation && { truncation }),
  };
}

function incomplete(cause: string): ProviderError {
  return new ProviderError('INTERNAL', { cause });
}
