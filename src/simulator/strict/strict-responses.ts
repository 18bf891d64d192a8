import { isObject } from '../../core/is-object.ts';
import { checkContext } from './strict-context.ts';
import { Rejection, unsupportedParameter } from './strict-error.ts';
import { checkItems, responsesInput } from './strict-input.ts';
import { hasImage, textsOf } from './strict-messages.ts';
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
import { identifier, responsesToolChoice, responsesTools } from './strict-tools.ts';
import {
  anyObject,
  arrayOf,
  type Fields,
  flag,
  integer,
  nullable,
  object,
  oneOf,
  text,
  variant,
} from './strict-values.ts';

const MIN_OUTPUT_TOKENS = 16;
const ENCRYPTED = 'reasoning.encrypted_content';

const FORMAT = variant('type', {
  text: object({ type: oneOf('text') }, ['type']),
  json_object: object({ type: oneOf('json_object') }, ['type']),
  json_schema: object(
    {
      type: oneOf('json_schema'),
      name: identifier,
      description: text(),
      schema: anyObject,
      strict: nullable(flag),
    },
    ['type', 'name', 'schema'],
  ),
});

const INCLUDE = oneOf(
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  ENCRYPTED,
  'message.output_text.logprobs',
);

const BODY = object(
  {
    ...SERVICE_FIELDS,
    prompt_cache_options: cacheOptions('30m', '12h'),
    input: responsesInput,
    instructions: nullable(text()),
    include: nullable(arrayOf(INCLUDE, 0, 8)),
    stream_options: nullable(object({ include_obfuscation: flag }, [])),
    background: nullable(flag),
    max_tool_calls: nullable(integer(1, Number.POSITIVE_INFINITY)),
    context_management: nullable(
      arrayOf(
        object(
          {
            type: oneOf('compaction'),
            compact_threshold: nullable(integer(1_000, Number.POSITIVE_INFINITY)),
          },
          ['type'],
        ),
        1,
        1,
      ),
    ),
    max_output_tokens: nullable(integer(MIN_OUTPUT_TOKENS, Number.POSITIVE_INFINITY)),
    reasoning: nullable(
      object(
        {
          effort: nullable(oneOf('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
          summary: nullable(oneOf('auto', 'concise', 'detailed')),
        },
        [],
      ),
    ),
    service_tier: oneOf('auto', 'default', 'flex', 'scale', 'priority', 'fast', 'ultrafast'),
    text: object({ format: FORMAT, verbosity: oneOf('low', 'medium', 'high') }, []),
    tools: responsesTools,
    tool_choice: responsesToolChoice,
    truncation: nullable(oneOf('auto', 'disabled')),
  },
  ['model', 'input'],
);

/** POST /v1/responses as OpenAI validates it on `today`. Throws a Rejection. */
export function checkResponses(body: Fields, today: string): void {
  BODY(body, '');
  const model = servedModel(String(body.model), today);
  if (!model.responses) {
    throw new Rejection(
      `The requested model '${model.id}' cannot be used with the Responses API.`,
      { param: 'model' },
    );
  }
  if (body.background === true && body.store === false) {
    throw new Rejection("Background responses must be stored: 'store' must be true.", {
      param: 'store',
    });
  }
  const items = Array.isArray(body.input) ? (body.input as readonly Fields[]) : [];
  const texts = typeof body.input === 'string' ? [body.input] : textsOf(items);
  checkStreaming(model, body.stream);
  checkReasoning(model, body);
  checkOutputLimit(model, body.max_output_tokens, 'max_output_tokens');
  checkItems(items, model.reasoning === true);
  checkImages(model, items);
  checkTools(model, body, 'responses');
  checkText(model, body.text, texts);
  checkContext(model, texts, 'input');
}

function checkReasoning(model: StrictModel, body: Fields): void {
  const { effort, summary } = isObject(body.reasoning) ? body.reasoning : {};
  checkRejected(model, body, effort ?? undefined);
  checkEffort(model, effort ?? undefined, 'reasoning.effort');
  if (model.reasoning === true) return;
  if (summary !== undefined && summary !== null) throw unsupportedParameter('reasoning.summary');
  if (Array.isArray(body.include) && body.include.includes(ENCRYPTED)) {
    throw new Rejection('Encrypted content is not supported with this model.', {
      param: 'include',
    });
  }
}

function checkImages(model: StrictModel, items: readonly Fields[]): void {
  if (model.images) return;
  const index = items.findIndex(hasImage);
  if (index === -1) return;
  throw new Rejection("Invalid value: 'input_image'. Supported values are: 'input_text'.", {
    param: `input[${index}].content`,
    code: 'invalid_value',
  });
}

function checkText(model: StrictModel, settings: unknown, texts: readonly string[]): void {
  if (!isObject(settings)) return;
  checkVerbosity(model, settings.verbosity, 'text.verbosity');
  const { format } = settings;
  if (!isObject(format)) return;
  if (format.type === 'json_object' && !texts.some((said) => /json/i.test(said))) {
    throw new Rejection(
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
      { param: 'input' },
    );
  }
  if (format.type !== 'json_schema') return;
  if (!model.jsonSchema) {
    throw new Rejection(
      "Invalid parameter: 'text.format' of type 'json_schema' is not supported with this model.",
      { param: 'text.format' },
    );
  }
  checkAnswerSchema(format.schema as Fields, format.strict === true, {
    name: `response_format '${format.name}'`,
    param: 'text.format.schema',
    code: 'invalid_json_schema',
  });
}
