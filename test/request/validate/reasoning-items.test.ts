import { describe, expect, it } from '@jest/globals';
import type { Message, ReasoningItem } from '../../../src/core/message.ts';
import { HELLO, inMessages, LONE_SURROGATE } from './refusals.ts';

describe('reasoning items', () => {
  const item = { id: 'rs_1', encryptedContent: 'gAAAA', summary: ['Adds.'] };
  const path = 'request.messages[0].reasoning_items';
  const inTurn = (...reasoningItems: ReasoningItem[]) =>
    inMessages({ role: 'assistant', content: '3', reasoningItems });

  it('are taken as the upstream gave them', () => {
    expect(inTurn(item, { ...item, id: 'rs_2', summary: [] })).toEqual([]);
    expect(inTurn()).toEqual([]);
  });

  it('are only allowed in assistant messages', () => {
    expect(inMessages({ ...HELLO, reasoningItems: [item] })).toEqual([path]);
    expect(inMessages({ ...HELLO, reasoningItems: [] })).toEqual([]);
  });

  it.each<[string, Partial<ReasoningItem>, string]>([
    ['no id', { id: '' }, 'id'],
    ['an id with control characters', { id: 'a\n' }, 'id'],
    ['an id that is too long', { id: 'x'.repeat(1_025) }, 'id'],
    ['no content', { encryptedContent: '' }, 'encrypted_content'],
    ['broken content', { encryptedContent: LONE_SURROGATE }, 'encrypted_content'],
    ['huge content', { encryptedContent: 'x'.repeat(4_194_305) }, 'encrypted_content'],
    ['a broken summary', { summary: ['', LONE_SURROGATE] }, 'summary[1]'],
  ])('are refused with %s', (_, fields, field) => {
    expect(inTurn({ ...item, ...fields })).toEqual([`${path}[0].${field}`]);
  });

  it('are refused if there are more than 128 in a turn', () => {
    const items = Array.from({ length: 129 }, (_, i) => ({ ...item, id: `rs_${i}` }));
    expect(inTurn(...items)).toEqual([path]);
  });

  it('are refused twice in a turn, and taken again in another', () => {
    const other = { ...item, encryptedContent: 'gBBBB' };
    expect(inTurn(item, other)).toEqual([`${path}[1].id`]);
    const again: Message = { role: 'assistant', content: '3', reasoningItems: [item] };
    expect(inMessages(again, HELLO, again)).toEqual([]);
  });
});
