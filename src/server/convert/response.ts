import type * as wire from '../../gen/tamma/provider/v1/event.ts';
import type { Completed, EffectiveSettings, MessageResponse } from '../../provider/events.ts';
import { toCount } from './count.ts';
import { FINISH_REASON } from './enums.ts';
import { toWireFailedAttempt } from './failed-attempt.ts';
import { toWireTimings, toWireUsage } from './usage.ts';

/**
 * A whole answer. Strings go as they are: the encoder writes U+FFFD for a lone surrogate, so what
 * leaves is always valid UTF-8.
 */
export function toWireResponse(response: MessageResponse): wire.MessageResponse {
  return {
    ...toWireOutcome(response),
    id: response.id,
    content: response.content,
    refusal: response.refusal,
    metadata: response.metadata,
    reasoning: response.reasoning,
    upstreamRequestId: response.upstreamRequestId,
    effectiveSettings: toWireEffectiveSettings(response.effectiveSettings),
    warnings: [...response.warnings],
  };
}

/** What the end of a stream and a whole answer have in common. */
export function toWireOutcome(outcome: Omit<Completed, 'type'>): wire.Completed {
  return {
    finishReason: FINISH_REASON[outcome.finishReason],
    rawFinishReason: outcome.rawFinishReason,
    toolCalls: outcome.toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      name,
      arguments: args,
    })),
    usage: toWireUsage(outcome.usage),
    cost: undefined,
    model: outcome.model,
    attempts: toCount(outcome.attempts),
    timings: toWireTimings(outcome.timings),
    cached: outcome.cached,
    serviceTier: outcome.serviceTier,
    systemFingerprint: outcome.systemFingerprint,
    failedAttempts: outcome.failedAttempts.map(toWireFailedAttempt),
  };
}

export function toWireEffectiveSettings(settings: EffectiveSettings): wire.EffectiveSettings {
  return {
    model: settings.model,
    maxTokens: settings.maxTokens === undefined ? undefined : toCount(settings.maxTokens),
    temperature: settings.temperature,
    topP: settings.topP,
    frequencyPenalty: settings.frequencyPenalty,
    presencePenalty: settings.presencePenalty,
    reasoningEffort: settings.reasoningEffort ?? '',
    serviceTier: settings.serviceTier ?? '',
    verbosity: settings.verbosity ?? '',
  };
}
