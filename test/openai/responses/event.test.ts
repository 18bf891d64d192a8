import { describe, expect, it } from '@jest/globals';
import { parseResponsesEvent } from '../../../src/openai/responses/event.ts';

const added = (item: unknown) => ({ type: 'response.output_item.added', output_index: 0, item });
const completed = (response: unknown) => ({ type: 'response.completed', response });

describe('parseResponsesEvent', () => {
  it.each<[string, unknown]>([
    ['nulls', { type: 'response.output_text.delta', delta: null, output_index: null }],
    ['a delta', { type: 'response.output_text.delta', delta: 'x', output_index: 3 }],
    ['an item that is not read', added({ type: 'program', name: 7, arguments: 3 })],
    ['an item of nulls', added({ type: 'message', id: null, content: null, summary: null })],
    ['an item', added({ type: 'function_call', call_id: 'a', name: 'f', arguments: '' })],
    ['parts', added({ type: 'message', content: [{ text: 'a' }, { refusal: 'b' }, {}] })],
    ['an answer of nulls', completed({ usage: null, output: null })],
    ['an answer', completed({ usage: {}, output: [{ type: 'reasoning', summary: [] }] })],
    ['content that is a string', added({ type: 'message', content: 'text' })],
    ['an error, whatever its type', { type: 'billing', error: { message: 'no' } }],
    ['facts of odd types', completed({ usage: 3, id: 1, model: [], status: {}, service_tier: 7 })],
  ])('takes %s', (_what, value) => {
    expect(parseResponsesEvent('', JSON.stringify(value))).toEqual(value);
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['null', null],
    ['a type that is a number', { type: 7 }],
    ['a delta that is a number', { type: 'response.refusal.delta', delta: 1 }],
    ['an item that is a string', added('item')],
    ['an item whose id is a number', added({ type: 'message', id: 1 })],
    ['arguments that are a list', added({ type: 'function_call', arguments: [] })],
    ['content that is a number', added({ type: 'message', content: 1 })],
    ['a part that is a string', added({ type: 'message', content: ['text'] })],
    ['a part whose text is a number', added({ type: 'message', content: [{ text: 1 }] })],
    ['a refusal that is a list', added({ type: 'message', content: [{ refusal: [] }] })],
    ['a summary that is a string', added({ type: 'reasoning', summary: 'short' })],
    ['sealed content that is an object', added({ type: 'reasoning', encrypted_content: {} })],
    ['an answer that is a string', completed('all')],
    ['output that is an object', completed({ output: {} })],
    [
      'output that is no list, in an event that need not have any',
      { type: 'response.output_text.annotation.added', response: { output: {} } },
    ],
    [
      'output that is an object, of an event of a hosted tool',
      { type: 'response.web_search_call.completed', response: { output: {} } },
    ],
    ['output with a malformed item', completed({ output: [{ type: 'message', content: 1 }] })],
  ])('refuses %s', (_what, value) => {
    expect(() => parseResponsesEvent('', JSON.stringify(value))).toThrow(
      expect.objectContaining({
        reason: 'SERVICE_UNAVAILABLE',
        message: 'The upstream sent an answer that cannot be read.',
      }),
    );
  });

  it.each<[string, string]>([
    ['', '{}'],
    ['', '{"type":"response.audio.delta","delta":7,"item":[]}'],
    ['response.audio.delta', '{"delta":1}'],
    ['ping', 'any data'],
  ])('passes over what is not read: %s %s', (name, data) => {
    expect(parseResponsesEvent(name, data)).toBeUndefined();
  });

  it('takes arguments that are an object as text, numbers as they stood', () => {
    const item = '{"type":"function_call","arguments":{"n":12345678901234567890}}';
    const output = `{"type":"response.completed","response":{"output":[${item}]}}`;
    expect(parseResponsesEvent('', output)?.response?.output?.[0]?.arguments).toBe(
      '{"n":12345678901234567890}',
    );
    const data = '{"type":"response.function_call_arguments.done","arguments":{}}';
    expect(parseResponsesEvent('', data)?.arguments).toBe('{}');
  });

  it('checks an event without type by its name', () => {
    const data = JSON.stringify({ delta: 1 });
    expect(() => parseResponsesEvent('response.output_text.delta', data)).toThrow();
  });
});
