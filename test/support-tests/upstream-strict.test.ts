import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { strict } from '../../src/simulator/strict/strict.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { readAll, send } from './post-chat.ts';

let stub: StubUpstream;

beforeAll(async () => {
  stub = await startStubUpstream({ script: strict() });
});
afterAll(() => stub.close());

async function post(path: string, body: object) {
  const { status, text } = await readAll(await send('POST', stub.url + path, JSON.stringify(body)));
  return { status, error: status === 200 ? undefined : JSON.parse(text).error };
}

const chat = (fields: object) =>
  post('/chat/completions', {
    model: 'gpt-4.1',
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });
const responses = (fields: object) =>
  post('/responses', { model: 'gpt-6.1-sol', input: 'Hi', store: false, ...fields });

const schema = (fields: object = {}) => ({
  type: 'object',
  properties: { a: { type: 'string' } },
  ...fields,
});
const STRICT_SCHEMA = schema({ required: ['a'], additionalProperties: false });
const chatTool = (parameters: object, strictly = false) => ({
  type: 'function',
  function: { name: 'f', parameters, strict: strictly },
});
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
const turns = (...messages: object[]) => ({ messages });
const ask = { role: 'user', content: 'Hi' };

describe('the strict stub on Chat Completions', () => {
  it.each<[string, object]>([
    ['the least', {}],
    [
      'parameters in their ranges',
      { temperature: 2, top_p: 0, stop: ['a'], seed: -1, max_tokens: 9 },
    ],
    ['a snapshot', { model: 'gpt-4.1-2025-04-14' }],
    ['a fine-tuned model', { model: 'ft:gpt-4.1:acme::1' }],
    ['sampling without reasoning', { model: 'gpt-5.2', temperature: 0, reasoning_effort: 'none' }],
    ['a strict schema', { tools: [chatTool(STRICT_SCHEMA, true)], tool_choice: 'required' }],
    ['a loose schema', { tools: [chatTool(schema())] }],
    [
      'calls and their results',
      turns(
        { role: 'assistant', content: null, tool_calls: [call('1'), call('2')] },
        { role: 'tool', tool_call_id: '2', content: '' },
        { role: 'tool', tool_call_id: '1', content: '' },
      ),
    ],
  ])('takes %s', async (_, fields) => {
    await expect(chat(fields)).resolves.toEqual({ status: 200 });
  });

  it.each<[string, object, string | null, string | null]>([
    ['unknown fields', { foo: 1 }, 'foo', 'unknown_parameter'],
    ['wrong types', { temperature: '1' }, 'temperature', 'invalid_type'],
    ['too much', { temperature: 2.1 }, 'temperature', 'decimal_above_max_value'],
    ['too little', { max_tokens: 0 }, 'max_tokens', 'integer_below_min_value'],
    ['five stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'array_above_max_length'],
    ['no messages', { messages: [] }, 'messages', 'empty_array'],
    ['unknown roles', turns({ role: 'me', content: '' }), 'messages[0].role', 'invalid_value'],
    ['more output than there is', { max_tokens: 32_769 }, 'max_tokens', 'invalid_value'],
    [
      'effort without reasoning',
      { reasoning_effort: 'low' },
      'reasoning_effort',
      'unsupported_parameter',
    ],
    [
      'unknown efforts',
      { model: 'o3', reasoning_effort: 'none' },
      'reasoning_effort',
      'unsupported_value',
    ],
    [
      'max_tokens with reasoning',
      { model: 'o3', max_tokens: 9 },
      'max_tokens',
      'unsupported_parameter',
    ],
    [
      'sampling with reasoning',
      { model: 'o3', temperature: 0 },
      'temperature',
      'unsupported_value',
    ],
    ['stop with o3', { model: 'o3', stop: 'a' }, 'stop', 'unsupported_parameter'],
    [
      'tools that need Responses',
      { model: 'gpt-6-sol', tools: [chatTool(schema())] },
      'reasoning_effort',
      null,
    ],
    ['metadata that is not stored', { metadata: { a: 'b' } }, 'metadata', null],
    ['a choice without tools', { tool_choice: 'auto' }, 'tool_choice', null],
    ['JSON nobody speaks of', { response_format: { type: 'json_object' } }, 'messages', null],
    [
      'schemas that are not strict',
      { tools: [chatTool(schema(), true)] },
      'tools[0].function.parameters',
      'invalid_function_parameters',
    ],
    [
      'unanswered calls',
      turns({ role: 'assistant', tool_calls: [call('1')] }, ask),
      'messages.[0].role',
      null,
    ],
    [
      'results of nothing',
      turns({ role: 'tool', tool_call_id: '1', content: '' }),
      'messages.[0].role',
      null,
    ],
    ['silence', turns({ role: 'assistant' }), 'messages.[0].content', null],
    ['half characters', turns({ role: 'user', content: '\ud83d' }), null, null],
    [
      'too long prompts',
      turns({ role: 'user', content: 'word '.repeat(1_100_000) }),
      'messages',
      'context_length_exceeded',
    ],
  ])('refuses %s', async (_, fields, param, code) => {
    const { status, error } = await chat(fields);
    expect(status).toBe(400);
    expect(error).toEqual({
      message: expect.any(String),
      type: 'invalid_request_error',
      param,
      code,
    });
  });

  it.each<[string, string, string | null]>([
    ['unknown models', 'gpt-7', 'model_not_found'],
    ['shut-down models', 'gpt-4', 'model_not_found'],
    ['models of the Responses API', 'gpt-5.4-pro', null],
    ['models that make embeddings', 'text-embedding-3-small', null],
  ])('does not find %s', async (_, model, code) => {
    await expect(chat({ model })).resolves.toMatchObject({ status: 404, error: { code } });
  });
});

const item = (type: string, fields: object) => ({ type, ...fields });
const sealed = item('reasoning', { id: 'rs_1', summary: [], encrypted_content: 'gAAAA' });
const asked = item('function_call', { call_id: '1', name: 'f', arguments: '{}' });
const given = item('function_call_output', { call_id: '1', output: '' });

describe('the strict stub on Responses', () => {
  it.each<[string, object]>([
    ['a text', {}],
    ['sealed reasoning, a call and its result', { input: [ask, sealed, asked, given] }],
    ['what a stateless client asks', { include: ['reasoning.encrypted_content'], stream: true }],
    ['an empty list of parameters', { tools: [item('function', { name: 'f', parameters: null })] }],
  ])('takes %s', async (_, fields) => {
    await expect(responses(fields)).resolves.toEqual({ status: 200 });
  });

  it.each<[string, object, string | null, string | null]>([
    ['what only Chat Completions has', { stop: ['a'] }, 'stop', 'unknown_parameter'],
    [
      'names of participants',
      { input: [{ ...ask, name: 'x' }] },
      'input[0].name',
      'unknown_parameter',
    ],
    [
      'parts of the other API',
      { input: [{ role: 'user', content: [item('text', {})] }] },
      'input[0].content[0].type',
      'invalid_value',
    ],
    [
      'fewer than 16 tokens',
      { max_output_tokens: 15 },
      'max_output_tokens',
      'integer_below_min_value',
    ],
    [
      'efforts outside the set',
      { reasoning: { effort: 'none' } },
      'reasoning.effort',
      'unsupported_value',
    ],
    ['sampling with reasoning', { temperature: 1 }, 'temperature', 'unsupported_parameter'],
    [
      'seals of models without reasoning',
      { model: 'gpt-4.1', include: ['reasoning.encrypted_content'] },
      'include',
      null,
    ],
    [
      'reasoning for models without',
      { model: 'gpt-4.1', input: [sealed, asked, given] },
      'input',
      null,
    ],
    ['reasoning that led to nothing', { input: [ask, sealed] }, 'input', null],
    ['results of nothing', { input: [given] }, 'input', null],
    ['unanswered calls', { input: [asked] }, 'input', null],
    [
      'streams that a model has not',
      { model: 'o3-pro', stream: true },
      'stream',
      'unsupported_value',
    ],
    [
      'foreign ids',
      { input: [{ ...sealed, id: 'x' }, asked, given] },
      'input[0].id',
      'invalid_value',
    ],
  ])('refuses %s', async (_, fields, param, code) => {
    await expect(responses(fields)).resolves.toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', param, code },
    });
  });
});
