import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { Call } from '../../core/call.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { toCacheOptions } from '../request/cache-options.ts';
import { toResponseFormat, toToolParams } from '../request/convert-tools.ts';
import { OPENAI_DIALECT } from '../request/dialect.ts';
import { toMessageParam } from './messages.ts';
import { withOneText } from './one-text.ts';
import { inChatOrder } from './turns.ts';

type Params = ChatCompletionCreateParams;

/**
 * The call as a Chat Completions request, streaming unless the model cannot. What the caller left out
 * is left out here, so that the upstream's default holds; what is the provider's own affair (metadata, task type, cache
 * and context policy, fallback models) is never sent.
 *
 * @param call validated by the prepare stage
 * @param dialect how the upstream is spoken to; default: as OpenAI is
 */
export function toChatCompletionRequest(
  call: Call,
  { stream, joinsTexts } = OPENAI_DIALECT,
): ChatCompletionCreateParams {
  const { request } = call;
  const { model } = call.target;
  const asked = request.messages;
  const turns = asked.length > 1 ? inChatOrder(asked, call.model) : asked;
  const messages = joinsTexts ? withOneText(turns, call.model) : turns;
  return {
    model: call.model,
    messages: messages.map((message) => toMessageParam(message, model, call.upstream)),
    ...(model.supports.streaming && stream.chat_completions),
    ...toSamplingParams(request, model),
    ...toToolParams(request),
    ...toServiceParams(request),
  };
}

function toSamplingParams(request: MessageRequest, { maxTokensField }: Model): Partial<Params> {
  const { maxTokens } = request;
  return present({
    // Not as a computed name, which takes ten times as long as all of this.
    max_tokens: maxTokensField === 'max_tokens' ? maxTokens : undefined,
    max_completion_tokens: maxTokensField === 'max_completion_tokens' ? maxTokens : undefined,
    temperature: request.temperature,
    top_p: request.topP,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    stop: unlessEmpty(request.stop)?.slice(),
    seed: request.seed,
    logit_bias: biasOf(request),
    response_format: request.responseFormat && toResponseFormat(request.responseFormat),
    prediction: predictionOf(request),
  });
}

/** Of the sets that grow, the SDK's types know the members of its day; any string is sent. */
function toServiceParams(request: MessageRequest): Partial<Params> {
  return present({
    reasoning_effort: unlessEmpty(request.reasoningEffort) as Params['reasoning_effort'],
    verbosity: unlessEmpty(request.verbosity) as Params['verbosity'],
    service_tier: unlessEmpty(request.serviceTier) as Params['service_tier'],
    prompt_cache_key: unlessEmpty(request.promptCacheKey),
    prompt_cache_retention: unlessEmpty(
      request.promptCacheRetention,
    ) as Params['prompt_cache_retention'],
    prompt_cache_options: toCacheOptions(request) as Params['prompt_cache_options'],
    safety_identifier: unlessEmpty(request.safetyIdentifier),
  });
}

function biasOf({ logitBias }: MessageRequest): Record<string, number> | undefined {
  return logitBias && Object.keys(logitBias).length > 0 ? { ...logitBias } : undefined;
}

function predictionOf({ prediction }: MessageRequest): Params['prediction'] | undefined {
  return prediction ? { type: 'content', content: prediction } : undefined;
}
