import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { Call } from '../call.ts';
import type { MessageRequest } from '../message.ts';
import { toMessageParam } from './convert-message.ts';
import { toResponseFormat, toToolParams } from './convert-tools.ts';
import { present, unlessEmpty } from './present.ts';

type Params = ChatCompletionCreateParamsStreaming;

/**
 * The call as a streaming Chat Completions request. What the caller left out is left out here, so
 * that the upstream's default holds; what is the provider's own affair (metadata, task type, cache
 * and context policy, fallback models) is never sent.
 *
 * @param call validated by the prepare stage
 */
export function toChatCompletionRequest(call: Call): ChatCompletionCreateParamsStreaming {
  const { model, request } = call;
  return {
    model,
    messages: request.messages.map(toMessageParam),
    stream: true,
    // Obfuscation pads every chunk against eavesdroppers on a network that TLS already covers.
    stream_options: { include_usage: true, include_obfuscation: false },
    ...toSamplingParams(model, request),
    ...toToolParams(request),
    ...toServiceParams(request),
  };
}

function toSamplingParams(model: string, request: MessageRequest): Partial<Params> {
  return present({
    [maxTokensField(model)]: request.maxTokens,
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
    safety_identifier: unlessEmpty(request.safetyIdentifier),
  });
}

function biasOf({ logitBias }: MessageRequest): Record<string, number> | undefined {
  return logitBias && Object.keys(logitBias).length > 0 ? { ...logitBias } : undefined;
}

function predictionOf({ prediction }: MessageRequest): Params['prediction'] | undefined {
  return prediction ? { type: 'content', content: prediction } : undefined;
}

/** OpenAI's names, fine-tuned ones included. The open-weight gpt-oss is served by others. */
const OPENAI_MODEL = /^(?:ft:)?(?:gpt-(?!oss)|o\d|chatgpt-|codex-)/;
/** OpenAI's models from before max_completion_tokens, as Azure and others still serve them. */
const OLD_OPENAI_MODEL = /^(?:ft:)?gpt-(?:3\.?5|4(?:$|[-:]))/;

/**
 * The name under which a model's server knows the limit of the answer. OpenAI's reasoning models
 * refuse `max_tokens`; older models and many compatible servers know nothing else.
 */
export function maxTokensField(model: string): 'max_completion_tokens' | 'max_tokens' {
  return OPENAI_MODEL.test(model) && !OLD_OPENAI_MODEL.test(model)
    ? 'max_completion_tokens'
    : 'max_tokens';
}
