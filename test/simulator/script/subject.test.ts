import { describe, expect, it } from '@jest/globals';
import { subjectOf } from '../../../src/simulator/script/subject.ts';
import type { ChatRequest } from '../../../src/simulator/wire/wire.ts';

const calledOverChat = {
  role: 'assistant',
  tool_calls: [
    { id: 'c1', type: 'function', function: { name: 'weather' } },
    { id: 'c2', type: 'custom', custom: { name: 'shell' } },
  ],
};
const calledOverResponses = { type: 'function_call', call_id: 'c1', name: 'weather' };

describe('what rules look at', () => {
  it.each([
    ['nothing at all', {}, { model: '', text: '', role: 'user', tools: [], calledTool: undefined }],
    ['a text', { model: 'm', input: 'Hi' }, { model: 'm', text: 'Hi', role: 'user' }],
    [
      'the last message only',
      {
        messages: [
          { role: 'user', content: 'one' },
          { role: 'assistant', content: 'two' },
        ],
      },
      { text: 'two', role: 'assistant' },
    ],
    ['an item without a role', { input: [{ content: 'Hi' }] }, { text: 'Hi', role: 'user' }],
    [
      'the text of parts, and no picture',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image_url', image_url: {} },
              { type: 'text', text: 'Hi' },
              'odd',
              null,
            ],
          },
        ],
      },
      { text: '\nHi' },
    ],
    ['no text', { messages: [{ role: 'user', content: null }] }, { text: '' }],
    ['messages that are none', { messages: ['odd', null, 5] }, { text: '', role: 'user' }],
  ])('is, of %s', (_, body, subject) => {
    expect(subjectOf(body as ChatRequest, 'chat_completions')).toMatchObject({
      api: 'chat_completions',
      ...subject,
    });
  });

  it.each([
    ['a function over Chat Completions', { type: 'function', function: { name: 'f' } }, 'f'],
    ['a function over Responses', { type: 'function', name: 'f' }, 'f'],
    ['a custom tool', { type: 'custom', custom: { name: 'c' } }, 'c'],
    ['a tool without a kind', { function: { name: 'f' } }, 'f'],
    ['a tool of OpenAI', { type: 'web_search' }, 'web_search'],
    ['a tool without anything', {}, ''],
  ])('is the name of %s', (_, tool, name) => {
    expect(subjectOf({ tools: [tool] } as ChatRequest, 'responses').tools).toEqual([name]);
  });

  it.each([
    [
      'a function',
      [calledOverChat, { role: 'tool', tool_call_id: 'c1', content: '21' }],
      'weather',
    ],
    ['a custom tool', [calledOverChat, { role: 'tool', tool_call_id: 'c2', content: '' }], 'shell'],
    ['a call that is not there', [{ role: 'tool', tool_call_id: 'c1', content: '21' }], undefined],
    ['no tool', [calledOverChat, { role: 'user', content: '21' }], undefined],
    [
      'a function over Responses',
      [calledOverResponses, { type: 'function_call_output', call_id: 'c1', output: '21' }],
      'weather',
    ],
    [
      'a call over Responses that is not there',
      [calledOverResponses, { type: 'custom_tool_call_output', call_id: 'c2', output: '21' }],
      undefined,
    ],
  ])('is the tool that was called: %s', (_, messages, calledTool) => {
    const subject = subjectOf({ messages } as ChatRequest, 'chat_completions');
    expect(subject.calledTool).toBe(calledTool);
  });
});
