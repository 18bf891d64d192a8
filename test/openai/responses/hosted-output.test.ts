import { describe, expect, it } from '@jest/globals';
import type { AnswerEvent } from '../../../src/core/events.ts';
import type { OutputItem } from '../../../src/openai/responses/event.ts';
import { HostedOutput } from '../../../src/openai/responses/hosted-output.ts';

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

  describe('whose server names no id', () => {
    const search = (query: string, fields: object = {}): OutputItem =>
      ({ type: 'web_search_call', action: { type: 'search', query }, ...fields }) as OutputItem;
    const ended = ({ told }: ReturnType<typeof open>) =>
      told.flatMap((event) =>
        event.type === 'hostedTool' && event.status === 'completed'
          ? [`${event.id} ${JSON.parse(event.detail).action.query}`]
          : [],
      );
    const BOTH = ['web_search_1 a', 'web_search_2 b'];

    it('is one of several in an answer that comes whole', () => {
      const opened = open();
      opened.hosted.answerDone([search('a'), { type: 'message' }, search('b')]);
      expect(ended(opened)).toEqual(BOTH);
      expect(opened.hosted.calls({})).toEqual({ web_search: 2 });
    });

    it.each([
      ['with places', [0, 2]],
      ['without places', [undefined, undefined]],
    ])('is one of several in a stream %s, and the same at its end', (_how, [first, second]) => {
      const opened = open();
      const { hosted } = opened;
      hosted.begins({ type: 'web_search_call' }, first);
      hosted.see('response.web_search_call.searching', undefined, first);
      hosted.ends(search('a'), first);
      hosted.see('response.web_search_call.completed', undefined, first);
      hosted.begins({ type: 'web_search_call' }, second);
      hosted.ends(search('b'), second);
      hosted.answerDone([search('a'), search('b')]);
      expect(ended(opened)).toEqual(BOTH);
      expect(hosted.calls({})).toEqual({ web_search: 2 });
    });

    it.each([
      ['in the stream', {}, { id: 'ws_9' }],
      ['in the whole answer', { id: 'ws_9' }, {}],
    ])('%s alone is counted once', (_where, inStream, whole) => {
      const opened = open();
      opened.hosted.ends(search('a', inStream), 0);
      opened.hosted.answerDone([search('a', whole)]);
      expect(opened.hosted.calls({})).toEqual({ web_search: 1 });
    });

    it('is the one at its place, whatever an event of it says later', () => {
      const { told, hosted } = open();
      hosted.begins({ type: 'web_search_call' }, 0);
      hosted.see('response.web_search_call.searching', 'ws_9', 0);
      hosted.ends(search('a', { id: 'ws_9' }));
      hosted.begins({ type: 'mcp_call' }, 0);
      expect(told.map((event) => 'id' in event && event.id)).toEqual([
        'web_search_1',
        'web_search_1',
        'web_search_1',
        'mcp_2',
      ]);
    });
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
      'what it did and not what it found, where that is too much',
      {
        type: 'web_search_call',
        action: { type: 'search', query: 'q', sources: [{ url: 'a'.repeat(16_384) }] },
      } as OutputItem,
      { detail: '{"action":{"type":"search","query":"q","sources":[]}}' },
    ],
    [
      'what its code was and not what that printed, where that is too much',
      {
        type: 'code_interpreter_call',
        ...{ code: '1', container_id: 'c', outputs: [{ type: 'logs', logs: 'a'.repeat(16_384) }] },
      } as OutputItem,
      { detail: '{"code":"1","container_id":"c","outputs":null}' },
    ],
    [
      'its shorter fields, where the longest is too long',
      { type: 'mcp_call', name: 'read', output: 'a'.repeat(16_384) } as OutputItem,
      { detail: '{"name":"read"}' },
    ],
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
