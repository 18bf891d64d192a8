import type { ProviderEvent } from '../../core/events.ts';
import { ToolKind } from '../../gen/tamma/provider/v1/message.ts';
import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import { toCount } from './count.ts';
import { ERROR_REASON, TOOL_KIND } from './enums.ts';
import {
  toWireAnnotation,
  toWireEffectiveSettings,
  toWireHostedTool,
  toWireOutcome,
  toWireTruncation,
} from './response.ts';

type WireEvent = NonNullable<wire.SendMessageResponse['event']>;

/** An event as a message of the stream. `sequence` is 1 for the first. */
export function toWireEvent(event: ProviderEvent, sequence: number): wire.SendMessageResponse {
  return { sequence, event: toWireCase(event) };
}

function toWireCase(event: ProviderEvent): WireEvent {
  switch (event.type) {
    case 'textDelta': {
      const { text, outputTokensSoFar, phase = '' } = event;
      const value = { text, outputTokensSoFar: toCount(outputTokensSoFar), phase };
      return { $case: 'textDelta', value };
    }
    case 'reasoningDelta':
      return { $case: 'reasoningDelta', value: { text: event.text } };
    case 'refusalDelta':
      return { $case: 'refusalDelta', value: { text: event.text } };
    case 'toolCallDelta': {
      const { index, id, name, argumentsFragment, kind = 'function' } = event;
      // As the id and the name: in the call's first delta.
      const wireKind = id === '' ? ToolKind.UNSPECIFIED : TOOL_KIND[kind];
      const value = { index: toCount(index), id, name, argumentsFragment, kind: wireKind };
      return { $case: 'toolCallDelta', value };
    }
    case 'hostedTool':
      return { $case: 'hostedTool', value: toWireHostedTool(event) };
    case 'annotation':
      return { $case: 'annotation', value: toWireAnnotation(event) };
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
        storedUpstream: event.storedUpstream ?? false,
      };
      return { $case: 'started', value };
    }
    case 'completed':
      return { $case: 'completed', value: toWireOutcome(event) };
  }
}
