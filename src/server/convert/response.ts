import type {
  Annotation,
  Completed,
  EffectiveSettings,
  HostedToolEvent,
  MessageResponse,
  Truncation,
} from '../../core/events.ts';
import type * as wire from '../../gen/tamma/provider/v1/event.ts';
import { TaskType } from '../../gen/tamma/provider/v1/message.ts';
import { toCount } from './count.ts';
import { FINISH_REASON, TASK_TYPE, TOOL_KIND } from './enums.ts';
import { toWireFailedAttempt } from './failed-attempt.ts';
import { toWireCost } from './money.ts';
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
    commentary: response.commentary,
    annotations: response.annotations.map(toWireAnnotation),
    hostedTools: response.hostedTools.map(toWireHostedTool),
    refusal: response.refusal,
    metadata: response.metadata,
    reasoning: response.reasoning,
    upstreamRequestId: response.upstreamRequestId,
    effectiveSettings: toWireEffectiveSettings(response.effectiveSettings),
    warnings: [...response.warnings],
    truncation: response.truncation && toWireTruncation(response.truncation),
  };
}

/** What the end of a stream and a whole answer have in common. */
export function toWireOutcome(outcome: Omit<Completed, 'type'>): wire.Completed {
  return {
    finishReason: FINISH_REASON[outcome.finishReason],
    rawFinishReason: outcome.rawFinishReason,
    toolCalls: outcome.toolCalls.map(({ id, name, arguments: args, kind, providerData }) => ({
      id,
      name,
      arguments: args,
      kind: TOOL_KIND[kind ?? 'function'],
      providerData: providerData ?? '',
    })),
    // For what came from the cache or another call nothing was used, which is no use of 0 tokens.
    usage: outcome.cached || outcome.shared ? undefined : toWireUsage(outcome.usage),
    cost: outcome.cost && toWireCost(outcome.cost),
    model: outcome.model,
    target: outcome.target,
    attempts: toCount(outcome.attempts),
    timings: toWireTimings(outcome.timings),
    cached: outcome.cached,
    serviceTier: outcome.serviceTier,
    systemFingerprint: outcome.systemFingerprint,
    failedAttempts: outcome.failedAttempts.map(toWireFailedAttempt),
    reasoningItems: outcome.reasoningItems.map(({ id, encryptedContent, summary, type = '' }) => ({
      id,
      encryptedContent,
      summary: [...summary],
      type,
    })),
    providerData: outcome.providerData ?? '',
    saved: outcome.saved && toWireCost(outcome.saved),
    shared: outcome.shared ?? false,
    cacheKey: outcome.cacheKey ?? '',
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
    reasoningSummary: settings.reasoningSummary ?? '',
    serviceTier: settings.serviceTier ?? '',
    verbosity: settings.verbosity ?? '',
    profile: settings.profile ?? '',
    taskType: settings.taskType === undefined ? TaskType.UNSPECIFIED : TASK_TYPE[settings.taskType],
    api: settings.api,
    systemPromptAdded: settings.systemPromptAdded,
  };
}

export function toWireHostedTool(event: HostedToolEvent): wire.HostedToolEvent {
  const { id, tool, status, detail, data = '', mediaType = '' } = event;
  return { id, type: tool, status, detail, data: Buffer.from(data, 'base64'), mediaType };
}

export function toWireAnnotation(annotation: Annotation): wire.Annotation {
  const { url, title, kind, fileId = '', containerId = '' } = annotation;
  const [start, end] = [toCount(annotation.start), toCount(annotation.end)];
  return { url, title, start, end, type: kind, fileId, containerId };
}

export function toWireTruncation(truncation: Truncation): wire.Truncation {
  return {
    droppedMessages: truncation.droppedMessages.map(toCount),
    inputTokensBefore: toCount(truncation.inputTokensBefore),
    inputTokensAfter: toCount(truncation.inputTokensAfter),
  };
}
