import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/core/message.ts';
import { inChatOrder } from '../../../src/openai/chat/turns.ts';

const ASKED: Message = { role: 'user', content: 'Read both.' };
const ALSO: Message = { role: 'user', content: 'And hurry.' };
const DONE: Message = { role: 'assistant', content: 'Both are short.' };

function calls(...ids: string[]): Message {
  const toolCalls = ids.map((id) => ({ id, name: 'read', arguments: '{}' }));
  return { role: 'assistant', content: '', toolCalls };
}

function result(toolCallId: string, content = toolCallId): Message {
  return { role: 'tool', content, toolCallId };
}

describe('inChatOrder', () => {
  it.each<[what: string, messages: Message[], expected: Message[]]>([
    [
      'puts results behind their calls where a user spoke between them',
      [ASKED, calls('a', 'b'), result('b'), ALSO, result('a')],
      [ASKED, calls('a', 'b'), result('b'), result('a'), ALSO],
    ],
    [
      'puts results behind their calls where a user spoke before them',
      [ASKED, calls('a'), ALSO, { role: 'system', content: 'It is late.' }, result('a'), DONE],
      [ASKED, calls('a'), result('a'), ALSO, { role: 'system', content: 'It is late.' }, DONE],
    ],
    [
      'tells results apart whose calls have one id, turn by turn',
      [ASKED, calls('a'), result('a', '1'), calls('a'), ALSO, result('a', '2')],
      [ASKED, calls('a'), result('a', '1'), calls('a'), result('a', '2'), ALSO],
    ],
  ])('%s', (_what, messages, expected) => {
    expect(inChatOrder(messages, 'gpt-5.4')).toEqual(expected);
  });

  it('leaves a conversation that is in order as it is', () => {
    const messages = [ASKED, calls('a', 'b'), result('b'), result('a'), ALSO];
    expect(inChatOrder(messages, 'gpt-5.4')).toEqual(messages);
    expect(inChatOrder([ASKED, DONE, ALSO], 'mistral-small-2603')).toEqual([ASKED, DONE, ALSO]);
  });

  it("has Mistral's models answer before the user speaks again", () => {
    const reply: Message = { role: 'assistant', content: 'I have read the results.' };
    const messages = [ASKED, calls('a'), result('a'), ALSO, calls('b'), result('b'), DONE, ALSO];
    expect(inChatOrder(messages, 'mistralai/devstral-small')).toEqual(
      messages.toSpliced(3, 0, reply),
    );
    const last = [ASKED, calls('a'), result('a')];
    expect(inChatOrder(last, 'mistral-small-2603')).toEqual(last);
  });
});
