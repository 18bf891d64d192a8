import { describe, expect, it } from '@jest/globals';
import { parseChunk } from '../../../src/openai/chat/chunk.ts';

const choice = (fields: object) => ({ choices: [fields] });
const delta = (fields: object) => choice({ delta: fields });
const toolCall = (fields: unknown) => delta({ tool_calls: [fields] });

describe('parseChunk', () => {
  it.each<[string, unknown]>([
    ['nothing that is read', {}],
    ['nulls', { choices: null, usage: null }],
    ['no choice', { choices: [], usage: { prompt_tokens: 1 } }],
    ['an empty choice', choice({})],
    ['a choice of nulls', choice({ delta: null, finish_reason: null, index: null })],
    ['an empty delta', delta({})],
    ['a delta of nulls', delta({ content: null, refusal: null, tool_calls: null })],
    ['a tool call of nulls', toolCall({ index: null, id: null, function: null })],
    ['a tool call', toolCall({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } })],
    ['facts of odd types', { usage: 3, id: 1, model: [], service_tier: {}, system_fingerprint: 7 }],
  ])('takes %s', (_what, value) => {
    expect(parseChunk(JSON.stringify(value))).toEqual(value);
  });

  it('takes arguments that are an object as text, numbers as they stood', () => {
    const object =
      '{"tool_calls":[{"function":{"name":"f","arguments": {"n":12345678901234567890}}}]}';
    const chunk = parseChunk(`{"choices":[{"delta":${object}}]}`);
    expect(chunk.choices?.[0]?.delta?.tool_calls?.[0]?.function?.arguments).toBe(
      '{"n":12345678901234567890}',
    );
    const empty = parseChunk(JSON.stringify(toolCall({ function: { arguments: {} } })));
    expect(empty.choices?.[0]?.delta?.tool_calls).toEqual([
      { function: { arguments: '', withoutArguments: true } },
    ]);
  });

  it.each<[string, string]>([
    ['truncated JSON', '{"choices":['],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"data"'],
    ['a list', '[]'],
    ['choices that are no list', '{"choices":{}}'],
    ['a choice that is no object', '{"choices":[1]}'],
    ['a finish reason that is a number', JSON.stringify(choice({ finish_reason: 1 }))],
    ['a delta that is a string', JSON.stringify(choice({ delta: 'text' }))],
    ['content that is a number', JSON.stringify(delta({ content: 1 }))],
    ['a refusal that is a list', JSON.stringify(delta({ refusal: [] }))],
    ['reasoning that is a number', JSON.stringify(delta({ reasoning: 1 }))],
    ['reasoning content that is a number', JSON.stringify(delta({ reasoning_content: 1 }))],
    ['tool calls that are no list', JSON.stringify(delta({ tool_calls: {} }))],
    ['a tool call that is null', JSON.stringify(toolCall(null))],
    ['a tool call whose index is a word', JSON.stringify(toolCall({ index: 'x' }))],
    ['a tool call whose index is no integer', JSON.stringify(toolCall({ index: 0.5 }))],
    ['a tool call whose id is an object', JSON.stringify(toolCall({ id: {} }))],
    ['a tool call whose function is a string', JSON.stringify(toolCall({ function: 'f' }))],
    ['a tool whose name is a number', JSON.stringify(toolCall({ function: { name: 1 } }))],
    ['arguments that are a list', JSON.stringify(toolCall({ function: { arguments: [] } }))],
  ])('refuses %s', (_what, data) => {
    expect(() => parseChunk(data)).toThrow(
      expect.objectContaining({
        reason: 'SERVICE_UNAVAILABLE',
        message: 'The upstream sent an answer that cannot be read.',
        cause: expect.any(Error),
      }),
    );
  });
});
