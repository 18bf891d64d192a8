import { describe, expect, it } from '@jest/globals';
import type { AnswerEvent } from '../../src/core/events.ts';
import { HostedOutput } from '../../src/openai/hosted-output.ts';
import type { OutputItem } from '../../src/openai/responses-event.ts';

function open() {
  const told: AnswerEvent[] = [];
  return { told, hosted: new HostedOutput((event) => told.push(event)) };
}

const use = (tool: string, status: string, fields: object = {}) => ({
  type: 'hostedTool',
  id: 'x_1',
  tool,
  status,
  detail: '',
  ...fields,
});

describe('a use of a tool that the upstream runs', () => {
  it('is told as it goes on, each step once', () => {
    const { told, hosted } = open();
    hosted.begins({ id: 'x_1', type: 'web_search_call' });
    hosted.see('response.web_search_call.in_progress', 'x_1');
    hosted.see('response.web_search_call.searching', 'x_1');
    hosted.see('response.web_search_call.searching', 'x_1');
    hosted.ends({ id: 'x_1', type: 'web_search_call', status: 'completed' });
    hosted.see('response.web_search_call.completed', 'x_1');
    hosted.ends({ id: 'x_1', type: 'web_search_call', status: 'failed' });
    expect(told).toEqual([
      use('web_search', 'in_progress'),
      use('web_search', 'searching'),
      use('web_search', 'completed'),
    ]);
  });

  it.each<[string, string, unknown]>([
    ['an event of no tool', 'response.output_text.delta', 'x_1'],
    ['an event that is none', 'ping', 'x_1'],
    ['a part of an image', 'response.image_generation_call.partial_image', 'x_1'],
    ['an event without an id', 'response.web_search_call.searching', undefined],
  ])('is not told of %s', (_what, type, id) => {
    const { told, hosted } = open();
    hosted.see(type, id);
    expect(told).toEqual([]);
  });

  it.each<[OutputItem, string]>([
    [{ status: 'incomplete' }, 'incomplete'],
    [{ error: { message: 'refused' } }, 'failed'],
    [{}, 'completed'],
  ])('ends, by the item %j, as %s', (item, status) => {
    const { told, hosted } = open();
    hosted.ends({ id: 'x_1', type: 'mcp_call', ...item });
    expect(told).toMatchObject([{ tool: 'mcp', status }]);
  });

  it.each<[string, OutputItem, object]>([
    ['nothing', { type: 'web_search_call' }, { detail: '' }],
    [
      'what it did',
      { type: 'web_search_call', action: { type: 'search' } },
      {
        detail: '{"type":"web_search_call","action":{"type":"search"}}'.replace(
          '"type":"web_search_call",',
          '',
        ),
      },
    ],
    ['its result', { type: 'mcp_call', result: 7 }, { detail: '{"result":7}' }],
    [
      'no detail that is too long',
      { type: 'mcp_call', result: 'a'.repeat(16_384) },
      { detail: '' },
    ],
    [
      'an image, whose format is png unless it is told',
      { type: 'image_generation_call', result: 'aGk=' },
      { detail: '', data: 'aGk=', mediaType: 'image/png' },
    ],
    [
      'an image in its format',
      { type: 'image_generation_call', result: 'aGk=', output_format: 'webp' },
      { data: 'aGk=', mediaType: 'image/webp' },
    ],
    ['an image that is none', { type: 'image_generation_call', result: '' }, { detail: '' }],
  ])('tells %s', (_what, item, fields) => {
    const { told, hosted } = open();
    hosted.ends({ id: 'x_1', ...item });
    expect(told).toMatchObject([fields]);
    expect('data' in (told[0] ?? {})).toBe('data' in fields);
  });
});

describe('the calls that count', () => {
  const calls = (items: readonly OutputItem[], reported: Readonly<Record<string, number>> = {}) => {
    const { hosted } = open();
    items.forEach((item, n) => {
      hosted.ends({ id: `x_${n}`, ...item });
    });
    return hosted.calls(reported);
  };

  const search = (action?: string): OutputItem => ({
    type: 'web_search_call',
    ...(action && { action: { type: action } }),
  });
  const code = (container_id?: string): OutputItem => ({
    type: 'code_interpreter_call',
    ...(container_id && { container_id }),
  });

  it.each<[string, readonly OutputItem[], Readonly<Record<string, number>>, object | undefined]>([
    ['are none', [], {}, undefined],
    [
      'are searches, not pages opened',
      [search('search'), search('open_page'), search()],
      {},
      { web_search: 2 },
    ],
    ['are no lists of tools', [{ type: 'mcp_list_tools' }, { type: 'mcp_call' }], {}, { mcp: 1 }],
    [
      'are containers, not what ran in them',
      [code('a'), code('a'), code('b'), code()],
      {},
      { code_interpreter: 3 },
    ],
    ['are those that the upstream counts', [search()], { web_search: 5 }, { web_search: 5 }],
    ['are none where it counts none', [search()], { web_search: 0 }, undefined],
  ])('%s', (_what, items, reported, counted) => {
    expect(calls(items, reported)).toEqual(counted);
  });

  it('are not those of a use that never ended', () => {
    const { hosted } = open();
    hosted.begins({ id: 'x_1', type: 'file_search_call', status: 'searching' });
    expect(hosted.calls({})).toBeUndefined();
  });
});
