import { describe, expect, it } from '@jest/globals';
import type { Rejection } from '../../../src/simulator/strict/strict-error.ts';
import {
  BEFORE,
  refusedChat,
  refusedResponse,
  rejectedChat,
  rejectedResponse,
} from './rejected.ts';

const codeOf = (rejection: Rejection | undefined) =>
  rejection && [rejection.status, rejection.param, rejection.code];

const parameters = { type: 'object', properties: { a: { type: 'string' } } };
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
const turns = (...messages: object[]) => ({ messages });
const ask = { role: 'user', content: 'Hi' };
const OLD = { model: 'gpt-3.5-turbo', today: BEFORE };

describe('Chat Completions, by code', () => {
  it.each<[string, object]>([
    [
      'parameters in their ranges',
      { temperature: 2, top_p: 0, stop: ['a'], seed: -1, max_tokens: 9 },
    ],
    ['a snapshot', { model: 'gpt-4.1-2025-04-14' }],
    ['a fine-tuned model', { model: 'ft:gpt-4.1:acme::1' }],
    ['sampling without reasoning', { model: 'gpt-5.2', temperature: 0, reasoning_effort: 'none' }],
    [
      'calls and their results',
      turns(
        { role: 'assistant', content: null, tool_calls: [call('1'), call('2')] },
        { role: 'tool', tool_call_id: '2', content: '' },
        { role: 'tool', tool_call_id: '1', content: '' },
      ),
    ],
  ])('takes %s', (_, fields) => {
    expect(refusedChat(fields)).toBeUndefined();
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
    ['stop with o3', { model: 'o3', stop: 'a' }, 'stop', 'unsupported_parameter'],
    ['stop with GPT-5', { model: 'gpt-5.4-mini', stop: 'a' }, 'stop', 'unsupported_parameter'],
    ['metadata that is not stored', { metadata: { a: 'b' } }, 'metadata', null],
    ['JSON nobody speaks of', { response_format: { type: 'json_object' } }, 'messages', null],
    [
      'schemas that are not strict',
      { tools: [{ type: 'function', function: { name: 'f', parameters, strict: true } }] },
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
    ['half characters', turns({ role: 'user', content: '\ud83d' }), null, null],
    [
      'too long prompts',
      { ...OLD, ...turns({ role: 'user', content: 'word '.repeat(17_000) }) },
      'messages',
      'context_length_exceeded',
    ],
    // To count either whole would take minutes.
    ...['a', ' '].map((character): [string, object, string, string] => [
      `too long runs of ${JSON.stringify(character)}`,
      { ...OLD, ...turns({ role: 'user', content: character.repeat(5_000_000) }) },
      'messages',
      'context_length_exceeded',
    ]),
  ])('refuses %s', (_, fields, param, code) => {
    expect(codeOf(rejectedChat(fields))).toEqual([400, param, code]);
  });

  it.each([
    ['unknown models', 'gpt-7'],
    ['shut-down models', 'gpt-4'],
  ])('does not find %s', (_, model) => {
    expect(codeOf(rejectedChat({ model }))).toEqual([404, null, 'model_not_found']);
  });
});

const item = (type: string, fields: object) => ({ type, ...fields });
const sealed = item('reasoning', { id: 'rs_1', summary: [], encrypted_content: 'gAAAA' });
const asked = item('function_call', { call_id: '1', name: 'f', arguments: '{}' });
const given = item('function_call_output', { call_id: '1', output: '' });

describe('Responses, by code', () => {
  it.each<[string, object]>([
    ['what a stateless client asks', { include: ['reasoning.encrypted_content'], stream: true }],
    ['an empty list of parameters', { tools: [item('function', { name: 'f', parameters: null })] }],
  ])('takes %s', (_, fields) => {
    expect(refusedResponse(fields)).toBeUndefined();
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
    [
      'foreign ids',
      { input: [{ ...sealed, id: 'x' }, asked, given] },
      'input[0].id',
      'invalid_value',
    ],
  ])('refuses %s', (_, fields, param, code) => {
    expect(codeOf(rejectedResponse(fields))).toEqual([400, param, code]);
  });
});
