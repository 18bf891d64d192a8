import type { Call } from '../../core/call.ts';
import type { Model, Surface } from '../../core/model.ts';
import type { ResolveOptions } from '../catalogue/resolve.ts';
import { withoutRejected } from '../fit/accepts.ts';
import { type FitOptions, fitToModel } from '../fit/fit-to-model.ts';
import type { HostedToolOptions } from '../fit/hosted-tool-options.ts';
import { instructionWarnings } from '../fit/instructions.ts';
import { checkOpenAIRules } from '../fit/openai-rules.ts';
import { chooseSurface } from '../fit/surface.ts';
import { checkToolKinds } from '../fit/tool-kinds.ts';
import { applyProfile, withSummary, withSystemPrompt } from '../profiles/apply-profile.ts';
import type { Profiles } from '../profiles/profiles.ts';
import type { Violations } from '../validate/violations.ts';
import { keeping } from './keep-answer.ts';
import { withPromptCacheKey } from './prompt-cache-key.ts';
import type { ResolvedName } from './resolved-names.ts';

/** How calls are prepared, wherever they go. */
export interface PrepareOptions extends FitOptions {
  readonly profiles: Profiles;
  /** What an upstream may run on a caller's behalf. */
  readonly hostedTools: HostedToolOptions;
  /** Whether conversations get a prompt cache key of their own. */
  readonly promptCache: 'off' | 'auto';
  /** Refuse models of which no price is known. */
  readonly refuseUnpriced: boolean;
}

/** How calls are prepared for one upstream. */
export interface UpstreamRules {
  readonly resolve: ResolveOptions;
  /** The API over which every model is asked. Default: the one that suits model and upstream. */
  readonly surface?: Surface;
  /** Whether the upstream may keep answers for the time of a call. Default: it may not. */
  readonly allowStored?: boolean;
  /** What models of the catalogue are called there, where that is something else. */
  readonly modelNames: Readonly<Record<string, string>>;
}

/** Where a call goes. */
export interface Place {
  /** Its name. */
  readonly upstream: string;
  readonly rules: UpstreamRules;
  readonly resolved: ResolvedName;
  /**
   * Another one failed the call. An answer is wanted rather than none: what only steers how it is
   * sampled is left out where the model does not take it, whatever is configured.
   */
  readonly fallback: boolean;
}

/**
 * The call as this place takes it: applies the profile of the model, chooses the surface and fits the
 * request that the caller sent to both.
 *
 * @param violations what is known to be wrong with the request
 * @throws ProviderError with these and every other violation: INVALID_REQUEST if a field is
 *   malformed, UNSUPPORTED_PARAMETER if one asks for what the model, the upstream or this provider
 *   cannot do.
 */
export function prepareAt(
  place: Place,
  call: Call,
  violations: Violations,
  options: PrepareOptions,
): Call {
  const { upstream, rules, resolved, fallback } = place;
  const { name, model, catalogueVersion } = resolved;
  const { allowStored = false } = rules;
  const profiled = applyProfile(call.asked, { name, model }, options.profiles);
  const dropUnsupported = options.dropUnsupported || fallback;
  // What will be left out must not decide over which API the rest goes.
  const kept = dropUnsupported ? withoutRejected(profiled.request, model) : profiled.request;
  const surface = chooseSurface(model, kept, {
    openAI: rules.resolve.openAI,
    keeps: allowStored && call.recovery === 'resume',
    ...(rules.surface === undefined ? {} : { override: rules.surface }),
  });
  const target = { model, surface, catalogueVersion };
  const asked = withSummary(profiled.request, target, profiled.reasoningSummary);
  const fitted = fitToModel(asked, target, violations, { dropUnsupported });
  checkToolKinds(fitted.request, target, options.hostedTools, violations);
  if (rules.resolve.openAI) {
    checkOpenAIRules(fitted.request, target, violations, profiled.systemPrompt);
  }
  if (options.refuseUnpriced && model.prices === undefined) {
    violations.unsupported('request.model', `names ${name}, of which no price is known`);
  }
  violations.throwIfAny(name);
  // Last, so that every path told above is a position in the caller's own messages.
  const whole = withSystemPrompt(fitted.request, profiled.systemPrompt);
  // Before anything is left out of the conversation: what it begins with stays the same.
  const request = options.promptCache === 'auto' ? withPromptCacheKey(whole, model) : whole;
  const stored = keeping(call, target, { upstream, allowStored });
  const prepared: Call = {
    ...(call.keeps ? withoutKeeps(call) : call),
    upstream,
    model: nameAt(rules, name, model),
    target,
    applied: profiled.applied,
    request,
    warnings: [
      ...call.warnings,
      ...resolved.warnings,
      ...(fallback ? fitted.warnings.map(forFallback) : fitted.warnings),
      ...instructionWarnings(request.messages, model),
      ...stored.warnings,
    ],
  };
  return stored.keeps ? { ...prepared, keeps: true } : prepared;
}

/** Of another route it was said. */
function withoutKeeps({ keeps: _, ...call }: Call): Call {
  return call;
}

/** The name to send: of a snapshot its own or else that of its model. */
function nameAt({ modelNames }: UpstreamRules, name: string, { id }: Model): string {
  for (const known of [name, id]) {
    const own = Object.hasOwn(modelNames, known) ? modelNames[known] : undefined;
    if (own !== undefined) return own;
  }
  return name;
}

function forFallback(warning: string): string {
  return `So that the fallback can answer, ${warning}`;
}
