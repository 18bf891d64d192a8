import type { Message, MessageRequest, ToolKind } from '../../core/message.ts';
import type { Model, ModelParameter, Surface } from '../../core/model.ts';
import { effectiveEffort, isSet } from './accepts.ts';
import { isBeyondChat } from './beyond-chat.ts';

export interface SurfaceOptions {
  /** The upstream is OpenAI itself, where both surfaces are at home. */
  readonly openAI: boolean;
  /** The upstream is to keep the answer while it is given. Default: it is not. */
  readonly keeps?: boolean;
  /** As configured. Default: chosen per model and request. */
  readonly override?: Surface;
}

/** Parameters that Chat Completions has and the Responses API has not. */
export const CHAT_ONLY = [
  'frequencyPenalty',
  'presencePenalty',
  'stop',
  'seed',
  'logitBias',
  'prediction',
] as const satisfies readonly ModelParameter[];

/** A lifetime of the prompt cache that only the Responses API sells, by the SDK's types. */
export const LONG_CACHE_TTL = '12h';

/** OpenAI answers 400 to a smaller limit over Responses; Chat Completions has no such bound. */
export const LEAST_TOKENS_ON_RESPONSES = 16;

/**
 * The API over which a model is asked. The first line that applies decides:
 *
 * | if | then |
 * |---|---|
 * | the model has one surface only | that one |
 * | one is configured | that one |
 * | the upstream is not OpenAI | Chat Completions, which every compatible server speaks |
 * | the request needs Responses: its tools, their results or its files do, it asks a reasoning model to tell what it thinks, brings back its sealed reasoning, or wants the prompt cached for 12 hours | Responses |
 * | the request uses what only Chat Completions takes | Chat Completions |
 * | the answer is to be kept, so that it can be gone on with | Responses |
 * | the model reasons | Responses, which hands its reasoning on from turn to turn |
 * | else | Chat Completions |
 *
 * So a request can come to a surface that has no place for something in it: `fitToModel` refuses that.
 *
 * @param request after profile and defaults were applied
 */
export function chooseSurface(
  model: Model,
  request: MessageRequest,
  { openAI, keeps = false, override }: SurfaceOptions,
): Surface {
  const [only, ...others] = model.surfaces;
  if (only !== undefined && others.length === 0) return only;
  if (override !== undefined) return override;
  if (!openAI) return 'chat_completions';
  if (needsResponses(model, request)) return 'responses';
  if (needsChat(request)) return 'chat_completions';
  return keeps || model.reasoning.isReasoning ? 'responses' : 'chat_completions';
}

/** What the Responses API has no place for, or refuses. */
function needsChat(request: MessageRequest): boolean {
  return (
    CHAT_ONLY.some((name) => isSet(request[name])) ||
    request.messages.some(({ name }) => isSet(name)) ||
    (request.maxTokens ?? LEAST_TOKENS_ON_RESPONSES) < LEAST_TOKENS_ON_RESPONSES
  );
}

/** Tools that Chat Completions would refuse, or thoughts that it would lose. */
function needsResponses(model: Model, request: MessageRequest): boolean {
  const { isReasoning } = model.reasoning;
  if (isReasoning && (isSet(request.reasoningSummary) || request.messages.some(isSealed))) {
    return true;
  }
  if (request.promptCacheOptions?.ttl === LONG_CACHE_TTL) return true;
  if (request.contextPolicy === 'compact') return true;
  if (isSet(request.hostedTools) || request.messages.some(needsMoreThanChat)) return true;
  if (!isSet(request.tools)) return false;
  const onChat = model.supports.toolsOnChatCompletions;
  if (onChat === 'without_reasoning') return effectiveEffort(request, model) !== 'none';
  return onChat === false;
}

/** The kinds of calls that both APIs know. */
const ON_CHAT: readonly ToolKind[] = ['function', 'custom'];

/** Calls of tools, and contents, that Chat Completions does not know. */
function needsMoreThanChat({ role, content, toolCalls = [] }: Message): boolean {
  if (toolCalls.some(({ kind = 'function' }) => !ON_CHAT.includes(kind))) return true;
  return typeof content !== 'string' && content.some((part) => isBeyondChat(part, role));
}

function isSealed({ reasoningItems = [] }: Message): boolean {
  return reasoningItems.length > 0;
}
