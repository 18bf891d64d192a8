import { expect, it } from '@jest/globals';
import { readParts } from '../../../src/openai/chat/content.ts';

it.each<[string, readonly unknown[], string, string]>([
  ['texts', [{ type: 'text', text: 'a' }, 'b', { text: 'c' }], 'abc', ''],
  ['thinking as a text', [{ type: 'thinking', thinking: 'a' }], '', 'a'],
  [
    'thinking as parts',
    [{ type: 'thinking', thinking: [{ type: 'text', text: 'a' }, 'b', {}, null] }],
    '',
    'ab',
  ],
  ['reasoning as a text', [{ type: 'reasoning', text: 'a' }, { text: 'b' }], 'b', 'a'],
  [
    'reasoning as a summary',
    [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'a', signature: '' }] }],
    '',
    'a',
  ],
  ['reasoning of nothing', [{ type: 'reasoning' }, { type: 'thinking', thinking: 7 }], '', ''],
  ['kinds that are not known', [{ type: 'image', url: 'a' }, null, 7], '', ''],
])('content in parts is read: %s', (_what, parts, text, reasoning) => {
  expect(readParts(parts)).toEqual({ text, reasoning });
});
