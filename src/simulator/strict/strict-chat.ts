import { isObject } from '../../core/is-object.ts';
import { checkContext } from './strict-context.ts';
import { Rejection, unsupportedParameter } from './strict-error.ts';
import { chatMessages, checkConversation, hasImage, textsOf } from './strict-messages.ts';
import {
  checkEffort,
  checkOutputLimit,
  checkRejected,
  checkStreaming,
  checkVerbosity,
  type StrictModel,
  servedModel,
} from './strict-models.ts';
import { checkAnswerSchema } from './strict-schema.ts';
import { cacheOptions, SERVICE_FIELDS } from './strict-service.ts';
import { checkTools } from './strict-tool-use.ts';
import { chatToolChoice, chatTools, identifier } from './strict-tools.ts';
import {
  anyObject,
  arrayOf,
  type Check,
  decimal,
  either,
  type Fields,
  flag,
  integer,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

const MAX_SEED = 2 ** 63;
/** Of o200k_base, with which every model that is left tokenizes. */
const MAX_TOKEN_ID = 200_018;
const isString = (value: unknown): boolean => typeof value === 'string';

const logitBias: Check = (value, path) => {
  anyObject(value, path);
  for (const [token, bias] of Object.entries(value as Fields)) {
    if (!/^\d+$/.test(token)) {
      throw new Rejection(
        `Invalid key in '${path}': ${token}. You should only be submitting non-negative integers.`,
        { param: path },
      );
    }
    if (Number(token) > MAX_TOKEN_ID) {
      throw new Rejection(`Invalid key in '${path}': ${token}. Maximum value is ${MAX_TOKEN_ID}.`, {
        param: path,
      });
    }
    integer(-100, 100)(bias, `${path}.${token}`);
  }
};

const RESPONSE_FORMAT = variant('type', {
  text: object({ type: oneOf('text') }, ['type']),
  json_object: object({ type: oneOf('json_object') }, ['type']),
  json_schema: object(
    {
      type: oneOf('json_schema'),
      json_schema: object(
        { name: identifier, description: text(), schema: anyObject, strict: nullable(flag) },
        ['name', 'schema'],
      ),
    },
    ['type', 'json_schema'],
  ),
});

const BODY = object(
  {
    ...SERVICE_FIELDS,
    prompt_cache_options: cacheOptions('30m'),
    messages: chatMessages,
    stream_options: nullable(object({ include_usage: flag, include_obfuscation: flag }, [])),
    frequency_penalty: nullable(decimal(-2, 2)),
    presence_penalty: nullable(decimal(-2, 2)),
    logit_bias: nullable(logitBias),
    logprobs: nullable(flag),
    max_completion_tokens: nullable(integer(1, Number.POSITIVE_INFINITY)),
    max_tokens: nullable(integer(1, Number.POSITIVE_INFINITY)),
    n: nullable(integer(1, 128)),
    prediction: nullable(object({ type: oneOf('content'), content: text() }, ['type', 'content'])),
    reasoning_effort: oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
    response_format: RESPONSE_FORMAT,
    seed: nullable(integer(-MAX_SEED, MAX_SEED)),
    service_tier: oneOf('auto', 'default', 'flex', 'scale', 'priority', 'fast'),
    stop: nullable(either(isString, text({ least: 1 }), arrayOf(text({ least: 1 }), 1, 4))),
    tools: chatTools,
    tool_choice: chatToolChoice,
    verbosity: oneOf('low', 'medium', 'high'),
  },
  ['model', 'messages'],
);

/** POST /v1/chat/completions as OpenAI validates it on `today`. Throws a Rejection. */
export function checkChat(body: Fields, today: string): void {
  BODY(body, '');
  const model = servedModel(String(body.model), today);
  if (!model.chat) throw notForChat(model);
  const messages = body.messages as readonly Fields[];
  const effort = body.reasoning_effort;
  checkStreaming(model, body.stream);
  checkRejected(model, body, effort);
  checkEffort(model, effort, 'reasoning_effort');
  checkVerbosity(model, body.verbosity, 'verbosity');
  checkOutputLimit(model, body.max_tokens, 'max_tokens');
  checkOutputLimit(model, body.max_completion_tokens, 'max_completion_tokens');
  checkConversation(messages);
  checkImages(model, messages);
  checkTools(model, body, 'chat');
  checkToolsWithReasoning(model, body);
  checkFormat(model, body.response_format, messages);
  checkPrediction(model, body);
  checkCombinations(body);
  checkContext(model, textsOf(messages), 'messages');
}

function notForChat({ responses }: StrictModel): Rejection {
  const message = responses
    ? 'This model is only supported in v1/responses and not in v1/chat/completions.'
    : 'This is not a chat model and thus not supported in the v1/chat/completions endpoint.';
  return new Rejection(message, { status: 404, param: 'model' });
}

function checkImages(model: StrictModel, messages: readonly Fields[]): void {
  if (model.images) return;
  const index = messages.findIndex(hasImage);
  if (index === -1) return;
  throw new Rejection('Invalid content type. image_url is only supported by certain models.', {
    param: `messages.[${index}].content`,
  });
}

function checkToolsWithReasoning(model: StrictModel, body: Fields): void {
  if (body.tools === undefined) return;
  const { toolsOnChat } = model;
  if (toolsOnChat !== false && toolsOnChat !== 'without_reasoning') return;
  const effort = body.reasoning_effort ?? model.defaultEffort;
  if (toolsOnChat === 'without_reasoning' && effort === 'none') return;
  throw new Rejection(
    `Function tools with reasoning_effort are not supported for ${model.id} in /v1/chat/completions. Please use /v1/responses instead.`,
    { param: 'reasoning_effort' },
  );
}

function checkFormat(model: StrictModel, format: unknown, messages: readonly Fields[]): void {
  if (!isObject(format)) return;
  if (format.type === 'json_object' && !textsOf(messages).some((said) => /json/i.test(said))) {
    throw new Rejection(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      { param: 'messages' },
    );
  }
  if (!isObject(format.json_schema)) return;
  if (!model.jsonSchema) {
    throw new Rejection(
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    );
  }
  const { name, schema, strict } = format.json_schema;
  checkAnswerSchema(schema as Fields, strict === true, {
    name: `response_format '${name}'`,
    param: 'response_format',
    code: null,
  });
}

/** OpenAI's guide to predicted outputs lists what they cannot be combined with. */
function checkPrediction(model: StrictModel, body: Fields): void {
  if (!isObject(body.prediction)) return;
  if (!model.prediction) throw unsupportedParameter('prediction');
  const forbidden = ['tools', 'logprobs', 'max_completion_tokens'].filter((name) =>
    Object.hasOwn(body, name),
  );
  for (const name of ['n', 'presence_penalty', 'frequency_penalty']) {
    if (Number(body[name] ?? 0) > (name === 'n' ? 1 : 0)) forbidden.push(name);
  }
  if (forbidden.length === 0) return;
  throw new Rejection(`Invalid parameter: '${forbidden[0]}' is not supported with prediction.`, {
    param: forbidden[0] ?? null,
    code: 'unsupported_parameter',
  });
}

function checkCombinations(body: Fields): void {
  if (isObject(body.stream_options) && body.stream !== true) {
    throw new Rejection(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      { param: 'stream_options' },
    );
  }
  if (Object.hasOwn(body, 'max_tokens') && Object.hasOwn(body, 'max_completion_tokens')) {
    throw new Rejection(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      { param: 'max_tokens', code: 'invalid_parameter_combination' },
    );
  }
  if (Object.hasOwn(body, 'metadata') && body.store !== true) {
    throw new Rejection("The 'metadata' parameter is only allowed when 'store' is enabled.", {
      param: 'metadata',
    });
  }
}
