import type { Message, MessageRequest } from '../../core/message.ts';
import type { Model, Surface, Target, TokenizerName } from '../../core/model.ts';
import type { Violations } from '../validate/violations.ts';
import { answerSchemaProblems, functionSchemaProblems } from './function-schema.ts';
import { LONG_CACHE_TTL } from './surface.ts';

/** What OpenAI itself does not take, whatever the model; compatible servers often do. */

type Refusals = Pick<Violations, 'unsupported'>;

const MAX_CACHE_KEY_LENGTH = 64;
const TIERS: readonly string[] = ['auto', 'default', 'flex', 'scale', 'priority', 'fast'];
/** By the SDK's types, `ultrafast` is sold over the Responses API alone. */
const SERVICE_TIERS: Readonly<Record<Surface, readonly string[]>> = {
  chat_completions: TIERS,
  responses: [...TIERS, 'ultrafast'],
};
/** One more than the greatest id, special tokens included. */
const TOKENS: Readonly<Record<TokenizerName, number>> = {
  o200k_base: 200_019,
  cl100k_base: 100_277,
};

/** @param systemPrompt of the profile, which will stand before the request's messages */
export function checkOpenAIRules(
  request: MessageRequest,
  target: Target,
  refusals: Refusals,
  systemPrompt = '',
): void {
  checkTools(request, refusals);
  checkFormat(request, refusals, systemPrompt);
  checkPrediction(request, target.model, refusals);
  checkService(request, target, refusals);
  request.messages.forEach((message, index) => {
    checkParts(message, index, refusals);
    if (target.surface === 'chat_completions') {
      checkResults(request.messages, message, index, refusals);
    }
  });
}

function checkTools({ tools = [] }: MessageRequest, refusals: Refusals): void {
  tools.forEach(({ inputSchema, strict }, index) => {
    for (const problem of inputSchema ? functionSchemaProblems(inputSchema, strict) : []) {
      refusals.unsupported(`request.tools[${index}].input_schema`, problem);
    }
  });
}

function checkFormat(
  { responseFormat, messages }: MessageRequest,
  refusals: Refusals,
  systemPrompt: string,
): void {
  const path = 'request.response_format';
  if (
    responseFormat?.type === 'json_object' &&
    ![{ content: systemPrompt }, ...messages].some(saysJson)
  ) {
    const rule = 'needs the word JSON in a message for OpenAI';
    refusals.unsupported(`${path}.json_object`, rule);
  }
  if (responseFormat?.type !== 'json_schema') return;
  for (const problem of answerSchemaProblems(responseFormat.schema, responseFormat.strict)) {
    refusals.unsupported(`${path}.json_schema.schema`, problem);
  }
}

/** What the guide to predicted outputs excludes beside them. */
function checkPrediction(request: MessageRequest, model: Model, refusals: Refusals): void {
  if (!request.prediction) return;
  const { tools = [], maxTokens, presencePenalty = 0, frequencyPenalty = 0 } = request;
  const limited = maxTokens !== undefined && model.maxTokensField === 'max_completion_tokens';
  const beside = [
    ...(tools.length > 0 ? ['tools'] : []),
    ...(limited ? ['max_tokens'] : []),
    ...(presencePenalty > 0 ? ['presence_penalty'] : []),
    ...(frequencyPenalty > 0 ? ['frequency_penalty'] : []),
  ];
  if (beside.length === 0) return;
  const rule = `cannot be combined with ${beside.join(' and ')} for OpenAI`;
  refusals.unsupported('request.prediction', rule);
}

function saysJson({ content }: Pick<Message, 'content'>): boolean {
  if (typeof content === 'string') return /json/i.test(content);
  return content.some((part) => part.type === 'text' && /json/i.test(part.text));
}

/** OpenAI writes the cache on request from GPT-5.6 on: these models are billed for it. */
function checkCacheOptions(
  { promptCacheOptions: options }: MessageRequest,
  { model, surface }: Target,
  refusals: Refusals,
): void {
  if (!options?.mode && !options?.ttl) return;
  const path = 'request.prompt_cache_options';
  const isKnown = model.prices !== undefined;
  if (isKnown && model.prices.standard.cacheWrite === undefined) {
    refusals.unsupported(path, `is not taken by ${model.id}: OpenAI has it from gpt-5.6 on`);
  } else if (options.ttl === LONG_CACHE_TTL && surface === 'chat_completions') {
    refusals.unsupported(`${path}.ttl`, 'must be 30m for OpenAI over Chat Completions');
  }
}

function checkService(
  request: MessageRequest,
  { model, surface }: Target,
  refusals: Refusals,
): void {
  const { serviceTier, promptCacheKey = '', logitBias = {} } = request;
  const tiers = SERVICE_TIERS[surface];
  if (serviceTier && !tiers.includes(serviceTier)) {
    const rule = `must be one of ${tiers.join(', ')} for OpenAI`;
    refusals.unsupported('request.service_tier', rule);
  }
  if (promptCacheKey.length > MAX_CACHE_KEY_LENGTH) {
    const rule = `must be at most ${MAX_CACHE_KEY_LENGTH} characters for OpenAI`;
    refusals.unsupported('request.prompt_cache_key', rule);
  }
  checkCacheOptions(request, { model, surface }, refusals);
  const tokens = TOKENS[model.tokenizer];
  if (Object.keys(logitBias).some((token) => Number(token) >= tokens)) {
    const rule = `must have token ids below ${tokens}, of which the tokenizer consists`;
    refusals.unsupported('request.logit_bias', rule);
  }
}

/** OpenAI fetches nothing over plain HTTP, which is common for images beside a local server. */
function checkParts({ content }: Message, index: number, refusals: Refusals): void {
  if (typeof content === 'string') return;
  content.forEach((part, place) => {
    const path = `request.messages[${index}].parts[${place}]`;
    if (part.type === 'image' && /^http:/i.test(part.uri ?? '')) {
      refusals.unsupported(`${path}.image.uri`, 'must be an https: or a data: URI for OpenAI');
    } else if (part.type === 'file' && part.uri && part.name) {
      refusals.unsupported(`${path}.file.name`, 'must not be set with uri for OpenAI');
    }
  });
}

/** Results right behind their calls: the Responses API finds them by their ids, wherever they stand. */
function checkResults(
  messages: readonly Message[],
  { toolCalls = [] }: Message,
  index: number,
  refusals: Refusals,
): void {
  const ids = new Set(toolCalls.map(({ id }) => id));
  const results = messages.slice(index + 1, index + 1 + ids.size);
  if (results.every(({ toolCallId = '' }) => ids.delete(toolCallId))) return;
  refusals.unsupported(
    `request.messages[${index}].tool_calls`,
    'must be answered by the messages right behind it for OpenAI over Chat Completions',
  );
}
