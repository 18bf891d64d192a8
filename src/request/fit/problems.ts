import type { MessageRequest } from '../../core/message.ts';
import type { Model, ModelParameter, ModelSupport, Surface, Target } from '../../core/model.ts';
import { accepts, effectiveEffort } from './accepts.ts';
import { CHAT_ONLY, LEAST_TOKENS_ON_RESPONSES } from './surface.ts';

/**
 * Why a target cannot honour a field of a request, as a sentence fragment whose subject is the
 * field; undefined if it can, or if nothing says that it cannot.
 */
export type Problem = (request: MessageRequest, target: Target) => string | undefined;

export type Feature = Exclude<keyof ModelSupport, 'toolsOnChatCompletions'>;

const SURFACE_NAMES: Readonly<Record<Surface, string>> = {
  chat_completions: 'Chat Completions',
  responses: 'the Responses API',
};

export function rejectedByModel(parameter: ModelParameter): Problem {
  return (request, { model }) => {
    if (accepts(model, parameter, effectiveEffort(request, model))) return undefined;
    const exception = model.acceptsWithoutReasoning.includes(parameter)
      ? ' unless reasoning_effort is none'
      : '';
    return `is not accepted by ${model.id}${exception}`;
  };
}

export function lacking(feature: Feature): Problem {
  return (_, { model }) =>
    model.supports[feature] === false ? `is not supported by ${model.id}` : undefined;
}

export function missingOn(surface: Surface): Problem {
  return (_, target) =>
    target.surface === surface
      ? `is not part of ${SURFACE_NAMES[surface]}, over which ${target.model.id} is asked`
      : undefined;
}

/** Parameters that Chat Completions has and the Responses API has not. */
export function onlyOnChat(parameter: ModelParameter): Problem {
  const chatOnly: readonly ModelParameter[] = CHAT_ONLY;
  return chatOnly.includes(parameter) ? missingOn('responses') : () => undefined;
}

/** Absent from the set of efforts that the model is known to take. */
export const unknownEffort: Problem = ({ reasoningEffort }, { model }) => {
  const { efforts } = model.reasoning;
  if (!reasoningEffort || efforts.length === 0 || efforts.includes(reasoningEffort)) {
    return undefined;
  }
  return `must be one of ${efforts.join(', ')} for ${model.id}`;
};

export const toolsNeedResponses: Problem = (_, { model, surface }) =>
  surface === 'chat_completions' && model.supports.toolsOnChatCompletions === false
    ? `are taken by ${model.id} over the Responses API only`
    : undefined;

/** The subject is reasoning_effort: it is what the caller has to change. */
export const toolsNeedNoReasoning: Problem = (request, { model, surface }) => {
  if (surface !== 'chat_completions') return undefined;
  if (model.supports.toolsOnChatCompletions !== 'without_reasoning') return undefined;
  if (effectiveEffort(request, model) === 'none') return undefined;
  return `must be none if ${model.id} is given tools over Chat Completions`;
};

export const outsideOutputLimits: Problem = ({ maxTokens = 1 }, { model, surface }) => {
  const most = model.maxOutputTokens;
  if (most !== undefined && maxTokens > most) {
    return `must be at most ${most}, the longest answer of ${model.id}`;
  }
  if (surface === 'responses' && maxTokens < LEAST_TOKENS_ON_RESPONSES) {
    return `must be at least ${LEAST_TOKENS_ON_RESPONSES} over the Responses API, over which ${model.id} is asked`;
  }
  return undefined;
};

/** Sealed reasoning is of no use to a model that is known not to reason, and OpenAI refuses it. */
export const needsReasoning: Problem = (_, { model }) =>
  !model.reasoning.isReasoning && model.rejects.includes('reasoningEffort')
    ? `is not accepted by ${model.id}, which does not reason`
    : undefined;

export const givesNoAnswers: Problem = (_, { model }) =>
  isEmbedding(model) ? `names ${model.id}, which makes embeddings and no answers` : undefined;

function isEmbedding({ capabilities }: Model): boolean {
  return capabilities.includes('embeddings') && !capabilities.includes('text');
}
