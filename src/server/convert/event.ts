import type { ProviderEvent } from '../../core/events.ts';
import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import { toCount } from './count.ts';
import { ERROR_REASON } from './enums.ts';
import { toWireEffectiveSettings, toWireOutcome, toWireTruncation } from './response.ts';

type WireEvent = NonNullable<wire.SendMessageResponse['event']>;

/** An event as a message of the stream. `sequence` is 1 for the first. */
export function toWireEvent(event: ProviderEvent, sequence: number): wire.SendMessageResponse {
  return { sequence, event: toWireCase(event) };
}

function toWireCase(event: ProviderEvent): WireEvent {
  switch (event.type) {
    case 'textDelta': {
      const { text, outputTokensSoFar } = event;
      const value = { text, outputTokensSoFar: toCount(outputTokensSoFar) };
      return { $case: 'textDelta', value };
    }
    case 'reasoningDelta':
      return { $case: 'reasoningDelta', value: { text: event.text } };
    case 'refusalDelta':
      return { $case: 'refusalDelta', value: { text: event.text } };
    case 'toolCallDelta': {
      const { index, id, name, argumentsFragment } = event;
      const value = { index: toCount(index), id, name, argumentsFragment };
      return { $case: 'toolCallDelta', value };
    }
    case 'attemptReset': {
      const value = { attempt: toCount(event.attempt), reason: ERROR_REASON[event.reason] };
      return { $case: 'attemptReset', value };
    }
    case 'started': {
      const { responseId, model, upstreamRequestId } = event;
      const value = {
        responseId,
        model,
        upstreamRequestId,
        attempt: toCount(event.attempt),
        effectiveSettings: toWireEffectiveSettings(event.effectiveSettings),
        warnings: [...event.warnings],
        truncation: event.truncation && toWireTruncation(event.truncation),
        target: event.target,
      };
      return { $case: 'started', value };
    }
    case 'completed':
      return { $case: 'completed', value: toWireOutcome(event) };
  }
}
