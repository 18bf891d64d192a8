import type { Call } from '../../core/call.ts';
import type { EffectiveSettings } from '../../core/events.ts';
import { present } from '../../core/present.ts';

/** What the upstream is asked to do, as the caller is told it in `started`. */
export function effectiveSettings(call: Call): EffectiveSettings {
  const { applied, request } = call;
  return present({
    model: call.model,
    maxTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    reasoningEffort: request.reasoningEffort,
    reasoningSummary: request.reasoningSummary,
    serviceTier: request.serviceTier,
    verbosity: request.verbosity,
    taskType: request.taskType,
    profile: applied.profile,
    systemPromptAdded: applied.systemPromptAdded,
    api: call.target.surface,
  });
}
