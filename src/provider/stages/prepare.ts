import type { Call, CallRecord, Stage } from '../call.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Surface } from '../catalogue/model.ts';
import { type ResolvedModel, type ResolveOptions, resolveModel } from '../catalogue/resolve.ts';
import type { Clock } from '../clock.ts';
import type { ProviderEvent } from '../events.ts';
import { withoutRejected } from '../fit/accepts.ts';
import { type FitOptions, fitToModel } from '../fit/fit-to-model.ts';
import { instructionWarnings } from '../fit/instructions.ts';
import { checkOpenAIRules } from '../fit/openai-rules.ts';
import { applyProfile, withSystemPrompt } from '../profiles/apply-profile.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { chooseSurface } from '../surface.ts';
import { isModelName } from '../validate/text.ts';
import { validateCall } from '../validate/validate-call.ts';
import { Violations } from '../validate/violations.ts';

export interface PrepareOptions extends FitOptions {
  /** Model of requests that name none. */
  readonly defaultModel: string;
  readonly resolve: ResolveOptions;
  readonly profiles: Profiles;
  /** The API over which every model is asked. Default: the one that suits model and upstream. */
  readonly surface?: Surface;
}

export interface PrepareDeps {
  /** The catalogue as it stands now. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
}

/** The cheapest refusal: before anything is spent on the call. See prepareCall. */
export function prepare(options: PrepareOptions, deps: PrepareDeps): Stage {
  return (next) => (call) => {
    let prepared: Call;
    try {
      prepared = prepareCall(call, options, deps);
    } catch (refusal) {
      return failing(refusal);
    }
    return next(prepared);
  };
}

/**
 * Resolves the model, applies its profile, validates the request and fits it to the model.
 *
 * @throws ProviderError MODEL_NOT_FOUND if there is no such model; else with every violation:
 *   INVALID_REQUEST if a field is malformed, UNSUPPORTED_PARAMETER if one asks for what the model,
 *   the upstream or this provider cannot do.
 */
export function prepareCall(call: Call, options: PrepareOptions, deps: PrepareDeps): Call {
  const asked = call.request.model || options.defaultModel;
  const violations = new Violations(call.violations);
  validateCall(violations, call, asked);
  // A malformed name has no business in the catalogue, in logs and in metrics.
  if (!isModelName(asked)) violations.throwIfAny('');
  const { name, model, warnings } = resolve(asked, call.record, options, deps);
  const profiled = applyProfile(call.request, { name, model }, options.profiles);
  // What will be left out must not decide over which API the rest goes.
  const kept = options.dropUnsupported
    ? withoutRejected(profiled.request, model)
    : profiled.request;
  const surface = chooseSurface(model, kept, {
    openAI: options.resolve.openAI,
    ...(options.surface === undefined ? {} : { override: options.surface }),
  });
  const target = { model, surface };
  const fitted = fitToModel(profiled.request, target, violations, options);
  if (options.resolve.openAI) {
    checkOpenAIRules(fitted.request, target, violations, profiled.systemPrompt);
  }
  violations.throwIfAny(name);
  // Last, so that every path told above is a position in the caller's own messages.
  const request = withSystemPrompt(fitted.request, profiled.systemPrompt);
  return {
    ...call,
    model: name,
    target,
    applied: profiled.applied,
    request,
    warnings: [
      ...call.warnings,
      ...warnings,
      ...fitted.warnings,
      ...instructionWarnings(request.messages, model),
    ],
  };
}

/** Notes the model in the record first, for the log line of a refusal. */
function resolve(
  asked: string,
  record: CallRecord,
  options: PrepareOptions,
  deps: PrepareDeps,
): ResolvedModel {
  record.model = asked;
  const resolved = resolveModel(asked, deps.catalogue(), options.resolve, deps.clock.now());
  record.model = resolved.name;
  return resolved;
}

/** Fails when it is read, as every handler does. */
function failing(error: unknown): AsyncIterable<ProviderEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
