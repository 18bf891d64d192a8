import { describe, expect, it } from '@jest/globals';
import { BEFORE, refusedChat } from './rejected.ts';

const parameters = { type: 'object', properties: {} };
const tool = { type: 'function', function: { name: 'f', parameters } };
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: '' });
const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const saying = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const format = (schema: object, strict?: boolean) => ({
  response_format: { type: 'json_schema', json_schema: { name: 's', schema, strict } },
});
const predicted = { prediction: { type: 'content', content: 'Hi' } };
const OLD = { model: 'gpt-3.5-turbo', today: BEFORE };

describe('Chat Completions, strictly', () => {
  it.each<[string, object]>([
    ['biases of tokens', { logit_bias: { 0: -100, 200018: 100 } }],
    ['a stream with its options', { stream: true, stream_options: { include_usage: true } }],
    ['metadata that is stored', { store: true, metadata: { a: 'b' } }],
    [
      'JSON that somebody speaks of',
      { ...saying('As JSON'), response_format: { type: 'json_object' } },
    ],
    [
      'JSON that a part speaks of',
      {
        ...saying([image, { type: 'text', text: 'As JSON' }]),
        response_format: { type: 'json_object' },
      },
    ],
    ['a text as the format', { response_format: { type: 'text' } }],
    ['the schema of an answer', format(parameters)],
    ['words of the assistant', { messages: [{ role: 'assistant', content: 'Hi' }] }],
    ['the usual verbosity', { verbosity: 'medium' }],
    ['a prediction', { ...predicted, n: 1, presence_penalty: 0 }],
    ['an image', saying([image])],
    ['words for a model without images', { ...OLD, ...saying([{ type: 'text', text: 'Hi' }]) }],
    ['a prompt of more bytes than tokens', { ...OLD, ...saying('word '.repeat(4_000)) }],
    ['tools without reasoning', { model: 'gpt-6-sol', tools: [tool], reasoning_effort: 'none' }],
    ['the only temperature of a reasoning model', { model: 'o3', temperature: 1 }],
    [
      'an effort that is not known to be none',
      { model: 'o1-mini', today: '2025-01-01', reasoning_effort: 'low' },
    ],
    [
      'the cache of a model that has one',
      { model: 'gpt-6-sol', prompt_cache_options: { ttl: '30m' } },
    ],
    ['sampling where no default is known', { model: 'gpt-5.4', temperature: 0.5 }],
    [
      'a refusal, and a call without a word',
      {
        messages: [
          { role: 'assistant', refusal: 'No.' },
          { role: 'assistant', content: null, tool_calls: [call('1')] },
          result('1'),
        ],
      },
    ],
  ])('takes %s', (_, fields) => {
    expect(refusedChat(fields)).toBeUndefined();
  });

  it.each<[string, object, string | null, string]>([
    [
      'biases of words',
      { logit_bias: { word: 1 } },
      'logit_bias',
      "Invalid key in 'logit_bias': word. You should only be submitting non-negative integers.",
    ],
    [
      'biases of tokens that do not exist',
      { logit_bias: { 200019: 1 } },
      'logit_bias',
      "Invalid key in 'logit_bias': 200019. Maximum value is 200018.",
    ],
    [
      'biases out of range',
      { logit_bias: { 1: 101 } },
      'logit_bias.1',
      "Invalid 'logit_bias.1': integer above maximum value. Expected a value <= 100, but got 101 instead.",
    ],
    [
      'images for a model without',
      {
        ...OLD,
        messages: [
          { role: 'system', content: 'Hi' },
          { role: 'user', content: [image] },
        ],
      },
      'messages.[1].content',
      'Invalid content type. image_url is only supported by certain models.',
    ],
    [
      'tools while it reasons',
      { model: 'gpt-6-sol', tools: [tool], reasoning_effort: 'low' },
      'reasoning_effort',
      'Function tools with reasoning_effort are not supported for gpt-6-sol in /v1/chat/completions. Please use /v1/responses instead.',
    ],
    [
      'schemas for a model without',
      { ...OLD, ...format(parameters) },
      null,
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    ],
    [
      'answers that are no objects',
      format({ type: 'array' }),
      'response_format',
      `Invalid schema for response_format 's': schema must be a JSON Schema of 'type: "object"', got 'type: "array"'.`,
    ],
    [
      'predictions of a model without',
      { model: 'gpt-5', ...predicted },
      'prediction',
      "Unsupported parameter: 'prediction' is not supported with this model.",
    ],
    ...[
      'tools',
      'logprobs',
      'max_completion_tokens',
      'n',
      'presence_penalty',
      'frequency_penalty',
    ].map((name): [string, object, string, string] => [
      `predictions with ${name}`,
      { ...predicted, [name]: { tools: [tool], logprobs: true }[name] ?? 2 },
      name,
      `Invalid parameter: '${name}' is not supported with prediction.`,
    ]),
    [
      'options of a stream without one',
      { stream_options: {} },
      'stream_options',
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      'two limits of the output',
      { max_tokens: 9, max_completion_tokens: 9 },
      'max_tokens',
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    ],
    [
      'max_tokens of a reasoning model',
      { model: 'o3', max_tokens: 9 },
      'max_tokens',
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ],
    [
      'temperatures of a reasoning model',
      { model: 'o3', temperature: 0 },
      'temperature',
      "Unsupported value: 'temperature' does not support 0 with this model. Supported values are: 1.",
    ],
    [
      'the cache of a model without',
      { prompt_cache_options: { mode: 'explicit' } },
      'prompt_cache_options',
      "Unsupported parameter: 'prompt_cache_options' is not supported with this model.",
    ],
    [
      'verbosities of models before GPT-5',
      { verbosity: 'low' },
      'verbosity',
      "Unsupported value: 'verbosity' does not support 'low' with this model. Supported values are: 'medium'.",
    ],
    [
      'prompts that are too long in tokens',
      { ...OLD, ...saying('word '.repeat(17_000)) },
      'messages',
      "This model's maximum context length is 16385 tokens. Please reduce the length of the messages.",
    ],
    [
      'a call made twice',
      { messages: [{ role: 'assistant', tool_calls: [call('1'), call('1')] }] },
      'messages',
      "Invalid parameter: Duplicate value for 'id' of '1' in message[0].",
    ],
    [
      'silence',
      { messages: [{ role: 'assistant', content: null }] },
      'messages.[0].content',
      "Invalid value for 'content': expected a string, got null.",
    ],
    [
      'the result of another call',
      { messages: [{ role: 'assistant', tool_calls: [call('1')] }, result('2')] },
      'messages.[1].tool_call_id',
      "Invalid parameter: 'tool_call_id' of '2' not found in 'tool_calls' of previous message.",
    ],
    [
      'a result that comes twice',
      { messages: [{ role: 'assistant', tool_calls: [call('1')] }, result('1'), result('1')] },
      'messages.[2].tool_call_id',
      "Invalid parameter: 'tool_call_id' of '1' not found in 'tool_calls' of previous message.",
    ],
  ])('refuses %s', (_, fields, param, message) => {
    expect(refusedChat(fields)).toEqual({ status: 400, param, message });
  });

  it.each([
    [
      'of the Responses API',
      'gpt-5.4-pro',
      'This model is only supported in v1/responses and not in v1/chat/completions.',
    ],
    [
      'that make embeddings',
      'text-embedding-3-small',
      'This is not a chat model and thus not supported in the v1/chat/completions endpoint.',
    ],
  ])('does not find models %s', (_, model, message) => {
    expect(refusedChat({ model })).toEqual({ status: 404, param: 'model', message });
  });
});
