import { describe, expect, it } from '@jest/globals';
import type { ContentPart, Message } from '../../../src/core/message.ts';
import { fieldsOf, HELLO, inMessages, inParts, LONE_SURROGATE, result, turn } from './refusals.ts';

describe('messages', () => {
  it.each([
    { reasoningItems: [{ id: 'rs_1', encryptedContent: 'gAAAA', summary: [] }] },
    { reasoning: 'Let me see' },
    { providerData: '{}' },
  ])('need no content where the model only thought or searched: %j', (fields) => {
    expect(inMessages({ role: 'assistant', content: '', ...fields })).toEqual([]);
    expect(inMessages({ role: 'assistant', content: [], ...fields })).toEqual([]);
  });

  it('need content, except beside tool calls', () => {
    expect(inMessages({ role: 'user', content: '' })).toEqual(['request.messages[0].content']);
    expect(inMessages(HELLO, { role: 'user', content: [] })).toEqual([
      'request.messages[1].content',
    ]);
    const nothing = { toolCalls: [], reasoningItems: [], reasoning: '', providerData: '' };
    expect(inMessages({ role: 'assistant', content: '', ...nothing })).toEqual([
      'request.messages[0].content',
    ]);
  });

  it('need a known role', () => {
    const role = 'function' as Message['role'];
    expect(inMessages({ role, content: 'x' })).toEqual(['request.messages[0].role']);
  });

  it('must be well-formed', () => {
    expect(inMessages({ role: 'user', content: LONE_SURROGATE })).toEqual([
      'request.messages[0].content',
    ]);
    expect(inParts({ type: 'text', text: LONE_SURROGATE })).toEqual([
      'request.messages[0].parts[0].text',
    ]);
  });

  it.each([
    'a b',
    'a\tb',
    '<a',
    'a|b',
    'a\\b',
    'a/b',
    'b>',
    'x'.repeat(65),
    'a\u0000',
    LONE_SURROGATE,
  ])('refuse the name %j', (name) => {
    expect(inMessages({ ...HELLO, name })).toEqual(['request.messages[0].name']);
  });

  it('have no name if they are results', () => {
    expect(inMessages(turn('a'), { ...result('a'), name: 'add' })).toEqual([
      'request.messages[1].name',
    ]);
  });

  it('refuse empty texts and parts of unknown kinds', () => {
    const unknown = { type: 'audio' } as unknown as ContentPart;
    expect(inParts({ type: 'text', text: '' }, unknown)).toEqual([
      'request.messages[0].parts[0].text',
      'request.messages[0].parts[1]',
    ]);
  });
});

describe('tool calls', () => {
  it('must all be answered', () => {
    expect(inMessages(turn('a', 'b'), result('a'))).toEqual([
      'request.messages[0].tool_calls[1].id',
    ]);
  });

  it('must differ while they are not answered', () => {
    expect(inMessages(turn('a', 'a'), result('a'))).toEqual([
      'request.messages[0].tool_calls[1].id',
    ]);
  });

  it('are only allowed in assistant messages', () => {
    expect(inMessages({ ...turn('a'), role: 'user', content: 'x' })).toEqual([
      'request.messages[0].tool_calls',
    ]);
  });

  it('need an id, a name and well-formed arguments', () => {
    const toolCalls = [
      { id: '', name: '', arguments: LONE_SURROGATE },
      { id: 'a\n', name: 'a\n', arguments: '' },
    ];
    const answered = [{ role: 'assistant', content: '', toolCalls }, result('a\n')] as const;
    expect(inMessages(...answered)).toEqual([
      'request.messages[0].tool_calls[0].id',
      'request.messages[0].tool_calls[0].name',
      'request.messages[0].tool_calls[0].arguments',
      'request.messages[0].tool_calls[1].id',
      'request.messages[0].tool_calls[1].name',
    ]);
  });

  it('have one result', () => {
    expect(inMessages(turn('a'), result('a'), result('a'))).toEqual([
      'request.messages[2].tool_call_id',
    ]);
  });

  it('must precede their results', () => {
    expect(inMessages(result('a'), turn('a'), result('a'))).toEqual([
      'request.messages[0].tool_call_id',
    ]);
    expect(inMessages({ role: 'tool', content: '3' })).toEqual([
      'request.messages[0].tool_call_id',
    ]);
    expect(inMessages({ ...HELLO, toolCallId: 'a' })).toEqual(['request.messages[0].tool_call_id']);
  });
});

it('refuses a conversation of more messages than any model takes, without looking at each', () => {
  const messages = Array.from({ length: 16_385 }, () => ({ role: 'user', content: '' }) as const);
  expect(fieldsOf({ messages })).toEqual(['request.messages']);
});

it('messages bring back as many values of the upstream as can be read in a while, all messages together', () => {
  const message = { role: 'assistant', content: 'a', providerData: `[${'{},'.repeat(20_000)}1]` };
  const data = Array<Message>(6).fill(message as Message);
  expect(inMessages(...data)).toEqual(['request.messages[3].provider_data']);
});

it('and as many different names', () => {
  const providerData = (at: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`${at}/${n}`, 1])));
  const data = [0, 1, 2, 3, 4, 5].map(
    (at): Message => ({ role: 'assistant', content: 'a', providerData: providerData(at) }),
  );
  expect(inMessages(...data)).toEqual(['request.messages[4].provider_data']);
});
