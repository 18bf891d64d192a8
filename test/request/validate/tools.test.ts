import { describe, expect, it } from '@jest/globals';
import { ADD, fieldsOf, LONE_SURROGATE } from './refusals.ts';

describe('tools', () => {
  it.each(['', 'a b', 'ä', 'x'.repeat(65)])('refuse the name %j', (name) => {
    expect(fieldsOf({ tools: [{ name }] })).toEqual(['request.tools[0].name']);
  });

  it('must be unique and at most 128', () => {
    expect(fieldsOf({ tools: [ADD, ADD] })).toEqual(['request.tools[1].name']);
    const many = Array.from({ length: 129 }, (_, index) => ({ name: `f${index}` }));
    expect(fieldsOf({ tools: many })).toEqual(['request.tools']);
  });

  it.each([
    '{',
    '[]',
    'null',
    '"a"',
    '1',
    `{"a":${'['.repeat(200)}${']'.repeat(200)}}`,
    `{"a":"${LONE_SURROGATE}"}`,
    '{"title":"a\\ud800"}',
    '{"properties":{"\\\\\\uDC00":{}}}',
  ])('refuse the schema %.20s', (inputSchema) => {
    expect(fieldsOf({ tools: [{ name: 'add', inputSchema }] })).toEqual([
      'request.tools[0].input_schema',
    ]);
    const schema = inputSchema;
    expect(fieldsOf({ responseFormat: { type: 'json_schema', name: 'out', schema } })).toEqual([
      'request.response_format.json_schema.schema',
    ]);
  });

  it.each(['{"title":"\\ud83d\\ude00"}', '{"title":"\\\\ud800"}'])(
    'take the schema %s',
    (inputSchema) => {
      expect(fieldsOf({ tools: [{ name: 'add', inputSchema }] })).toEqual([]);
    },
  );

  it('refuse a description that is not well-formed', () => {
    expect(fieldsOf({ tools: [{ name: 'add', description: LONE_SURROGATE }] })).toEqual([
      'request.tools[0].description',
    ]);
  });

  it('are needed by what chooses among them', () => {
    expect(fieldsOf({ toolChoice: 'required', parallelToolCalls: true })).toEqual([
      'request.parallel_tool_calls',
      'request.tool_choice.mode',
    ]);
    expect(fieldsOf({ tools: [ADD], toolChoice: { functionName: 'sub' } })).toEqual([
      'request.tool_choice.function_name',
    ]);
    expect(fieldsOf({ tools: [ADD], toolChoice: 'any' as 'auto' })).toEqual([
      'request.tool_choice.mode',
    ]);
    expect(fieldsOf({ toolChoice: 'auto' })).toEqual([]);
    expect(fieldsOf({ toolChoice: 'none' })).toEqual([]);
  });
});
