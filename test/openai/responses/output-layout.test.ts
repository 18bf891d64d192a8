import { describe, expect, it } from '@jest/globals';
import type { OutputItem } from '../../../src/openai/responses/event.ts';
import {
  entryOf,
  inLayout,
  toLayout as layoutOf,
  type PartName,
} from '../../../src/openai/responses/output-layout.ts';

const REASONING: OutputItem = { type: 'reasoning', id: 'rs_1', encrypted_content: 'x' };
const TEXT: OutputItem = { type: 'message', id: 'msg_1' };
const CALL: OutputItem = { type: 'function_call', call_id: 'call_1' };
const SEARCH: OutputItem = { type: 'web_search_call', id: 'ws_1', status: 'completed' };

const PARTS = new Map<PartName, string>([
  ['reasoning rs_1', 'reasoning'],
  ['text', 'text'],
  ['call call_1', 'call'],
]);
const toLayout = (target: string, items: readonly OutputItem[]) =>
  layoutOf(
    target,
    items.flatMap((item) => entryOf(item) ?? []),
  );
const back = (data: string, target = 'default') => inLayout(PARTS, target, data);

describe('the order of a turn', () => {
  it.each([
    [[]],
    [[REASONING, TEXT, CALL]],
    [[TEXT, CALL, { ...CALL, call_id: 'call_2' }]],
    [[{ type: 'reasoning', id: 'rs_0' }, TEXT]],
    [[{ type: 'image_generation_call', id: 'ig_1', result: 'x' }, TEXT]],
  ])('is not told where it is the usual one: %j', (items) => {
    expect(toLayout('default', items)).toBe('');
  });

  it('comes back, with what the upstream ran itself', () => {
    const data = toLayout('default', [CALL, REASONING, SEARCH, TEXT]);
    expect(back(data)).toEqual(['call', 'reasoning', SEARCH, 'text']);
  });

  it('is told without what was found and printed where that is too much to be kept', () => {
    const much = 'x'.repeat(70_000);
    const files = { type: 'file_search_call', id: 'fs_1', queries: ['q'] };
    const code = { type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'c' };
    const action = { type: 'search', query: 'q' };
    const items = [
      { ...files, results: [{ text: much }] },
      { ...code, outputs: [{ type: 'logs', logs: much }] },
      { ...SEARCH, action: { ...action, sources: [{ url: much }] } },
      TEXT,
    ];
    expect(back(toLayout('default', items))).toEqual([
      files,
      { ...code, outputs: null },
      { ...SEARCH, action: { ...action, sources: [] } },
      'text',
      'reasoning',
      'call',
    ]);
  });

  it('is told without what is too large to be kept', () => {
    const large = { ...SEARCH, action: 'x'.repeat(70_000) } as unknown as OutputItem;
    expect(toLayout('default', [REASONING, large, TEXT])).toBe('');
    expect(back(toLayout('default', [TEXT, large, REASONING]))).toEqual([
      'text',
      'reasoning',
      'call',
    ]);
  });

  it.each([
    ['another target', toLayout('azure', [CALL, TEXT])],
    ['no JSON', '{'],
    ['no list', JSON.stringify({ target: 'default', output: 'text' })],
    [
      'parts that the turn has not',
      JSON.stringify({ target: 'default', output: ['call x', 7, null] }),
    ],
    [
      'items that are nobody’s to bring',
      JSON.stringify({ target: 'default', output: [{ type: 'message', role: 'system' }] }),
    ],
  ])('is the usual one for data of %s', (_what, data) => {
    expect(back(data)).toEqual(['reasoning', 'text', 'call']);
  });
});
