import { type AppliedProfile, NOTHING_APPLIED } from '../../core/call.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model, Target } from '../../core/model.ts';
import { accepts, effectiveEffort, isSet } from '../fit/accepts.ts';
import { isInstruction } from '../fit/instructions.ts';
import { findProfile, type NamedModel } from './find-profile.ts';
import type { ModelProfile, Profiles, TaskAdjustment } from './profiles.ts';

const MAX_TEMPERATURE = 2;
/** Floating point makes 0.08000000000000002 of 0.1 * 0.8. */
const TEMPERATURE_DIGITS = 4;

export interface Profiled {
  /** With the profile's settings. Its messages are the caller's. */
  readonly request: MessageRequest;
  readonly applied: AppliedProfile;
  /** To be put before the messages, see withSystemPrompt. */
  readonly systemPrompt?: string;
  /** To be asked for where the target can tell what it thinks, see withSummary. */
  readonly reasoningSummary?: string;
}

/**
 * The request with the defaults of its model's profile, adjusted to its task. What the caller set
 * stays as it is, and nothing is set that the model would not take.
 */
export function applyProfile(
  request: MessageRequest,
  named: NamedModel,
  profiles: Profiles,
): Profiled {
  const found = findProfile(named, profiles.models);
  const task = request.taskType && profiles.tasks[request.taskType];
  if (found === undefined && task === undefined) {
    return { request, applied: NOTHING_APPLIED };
  }
  const systemPrompt = systemPromptOf(request, found?.profile, task);
  const profiled = withSettings(request, named.model, found?.profile ?? {}, task ?? {});
  return {
    request: profiled,
    applied: {
      ...(found === undefined ? {} : { profile: found.key }),
      systemPromptAdded: systemPrompt !== undefined,
      maxTokensAdded: profiled.maxTokens !== request.maxTokens,
    },
    ...(systemPrompt === undefined ? {} : { systemPrompt }),
    ...(found?.profile.reasoningSummary && {
      reasoningSummary: found.profile.reasoningSummary,
    }),
  };
}

/**
 * The request with the profile's reasoning summary, if the caller asks for none. A default does not
 * decide over which API a model is asked, so it comes after that was decided.
 */
export function withSummary(
  request: MessageRequest,
  { model, surface }: Target,
  reasoningSummary: string | undefined,
): MessageRequest {
  if (request.reasoningSummary || reasoningSummary === undefined) return request;
  if (surface !== 'responses' || !model.reasoning.isReasoning) return request;
  return { ...request, reasoningSummary };
}

/** The request with the profile's system prompt before its messages. */
export function withSystemPrompt(
  request: MessageRequest,
  systemPrompt: string | undefined,
): MessageRequest {
  if (systemPrompt === undefined) return request;
  const { messages } = request;
  return { ...request, messages: [{ role: 'system', content: systemPrompt }, ...messages] };
}

function systemPromptOf(
  { messages }: MessageRequest,
  profile: ModelProfile | undefined,
  task: TaskAdjustment | undefined,
): string | undefined {
  const prompt = task?.systemPrompt ?? profile?.systemPrompt;
  return messages.some(isInstruction) ? undefined : prompt;
}

function withSettings(
  request: MessageRequest,
  model: Model,
  profile: ModelProfile,
  task: TaskAdjustment,
): MessageRequest {
  const reasoningEffort = request.reasoningEffort || effortOf(request, model, profile, task);
  const thinking = reasoningEffort ? { ...request, reasoningEffort } : request;
  const temperature = request.temperature ?? temperatureOf(thinking, model, profile, task);
  const maxTokens = request.maxTokens ?? maxTokensOf(request, model, profile, task);
  return {
    ...thinking,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

/** Only from the model's set, and not where it would make the model refuse what the caller set. */
function effortOf(
  request: MessageRequest,
  model: Model,
  profile: ModelProfile,
  task: TaskAdjustment,
): string | undefined {
  const effort = task.reasoningEffort ?? profile.reasoningEffort;
  if (effort === undefined || !model.reasoning.efforts.includes(effort)) return undefined;
  if (!accepts(model, 'reasoningEffort', effort)) return undefined;
  const own = effectiveEffort(request, model);
  const spoils = model.acceptsWithoutReasoning.some(
    (name) => isSet(request[name]) && accepts(model, name, own) && !accepts(model, name, effort),
  );
  return spoils ? undefined : effort;
}

/** Without a profile's temperature there is nothing that a factor could apply to. */
function temperatureOf(
  request: MessageRequest,
  model: Model,
  profile: ModelProfile,
  task: TaskAdjustment,
): number | undefined {
  if (profile.temperature === undefined) return undefined;
  const effort = effectiveEffort(request, model);
  // A caller may try what the model takes with an effort that is not known; a default must be safe.
  const safe = effort !== undefined || !model.rejects.includes('temperature');
  if (!safe || !accepts(model, 'temperature', effort)) return undefined;
  const temperature = profile.temperature * (task.temperatureFactor ?? 1);
  return Number(Math.min(temperature, MAX_TEMPERATURE).toFixed(TEMPERATURE_DIGITS));
}

/** A task's limit lowers a known one, the profile's or the model's: of others nothing is known. */
function maxTokensOf(
  { prediction }: MessageRequest,
  { maxOutputTokens: longest = Number.POSITIVE_INFINITY, reasoning }: Model,
  profile: ModelProfile,
  task: TaskAdjustment,
): number | undefined {
  // OpenAI refuses a limit beside a prediction, and the caller set none.
  if (prediction) return undefined;
  const limit = Math.min(profile.maxTokens ?? longest, longest);
  const adjusted = reasoning.isReasoning ? undefined : task.maxTokens;
  if (limit === Number.POSITIVE_INFINITY) return undefined;
  if (adjusted !== undefined) return Math.min(limit, adjusted);
  return profile.maxTokens === undefined ? undefined : limit;
}
