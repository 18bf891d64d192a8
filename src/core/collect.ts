import type { Emit } from './call.ts';
import { ProviderError } from './errors.ts';
import type { Annotation, Completed, HostedToolEvent, MessageResponse, Started } from './events.ts';

/** Makes a call and folds its events into the whole answer. */
export async function collect(
  makeCall: (emit: Emit) => Promise<Completed>,
  metadata: Readonly<Record<string, string>>,
): Promise<MessageResponse> {
  let started: Started | undefined;
  let content = '';
  let commentary = '';
  let annotations: Annotation[] = [];
  const hostedTools = new Map<string, HostedToolEvent>();
  let reasoning = '';
  let refusal = '';
  const { type: _type, ...end } = await makeCall((event) => {
    switch (event.type) {
      case 'started':
        started = event;
        break;
      case 'attemptReset':
        content = commentary = reasoning = refusal = '';
        annotations = [];
        hostedTools.clear();
        break;
      case 'textDelta':
        if (event.phase === 'commentary') commentary += event.text;
        else content += event.text;
        break;
      case 'reasoningDelta':
        reasoning += event.text;
        break;
      case 'refusalDelta':
        refusal += event.text;
        break;
      case 'hostedTool':
        hostedTools.set(event.id, event);
        break;
      case 'annotation': {
        const { type: _, ...annotation } = event;
        annotations.push(annotation);
        break;
      }
    }
  });
  if (started === undefined) {
    throw new ProviderError('INTERNAL', { cause: 'the answer ended before it started' });
  }
  return {
    ...beginning(started),
    ...end,
    content,
    commentary,
    annotations,
    hostedTools: [...hostedTools.values()],
    reasoning,
    refusal,
    metadata,
  };
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
